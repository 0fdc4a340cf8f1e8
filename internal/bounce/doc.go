// Package bounce reads what comes back after a mail was handed over: returned
// messages and complaints (RFC 3464, RFC 5965 and what mail servers write
// instead), and the events that hosted relays post. Whatever the form, it
// becomes [Report] values.
//
// [Addresses] makes the return paths that prove which mail came back.
// [Listen] receives at them by SMTP and at nothing else. The package keeps
// nothing and decides nothing: what a report does to a tester is for who takes it.
//
// All of it is read from strangers. Every reader is bounded, never panics, and
// its errors say what is wrong and where without repeating what was sent.
package bounce
