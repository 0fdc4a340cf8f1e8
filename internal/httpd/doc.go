// Package httpd is the HTTP edge: everything that happens to a request before
// and after the code that knows what it means.
//
// An [Edge] gives each request an id, one log line, metrics, a deadline, a body
// cap and a place among those served at once, and survives a panic. A [Server]
// puts an Edge on an address, with or without TLS, and stops without losing a
// request that reached it. [Admin] is the operator's side door.
//
// The package knows no API: what a failure of the edge itself looks like comes
// from Config.Fail.
package httpd
