// Package mailtest holds what is true of every message that Tryout sends, and a
// [Watch] that holds each message to it where a test receives one: one
// recipient; one To, which is that recipient; no other tester's address, no
// other tester's link, nothing of another vendor anywhere in it; octets and
// fields as they must be; and two parsers that read the same from it.
//
// Every receiver of the repository's tests has a Watch. One that takes hundreds
// of thousands of messages reads one in so many in full, and the envelope, the
// To and the addresses of all (see [Watch.Every]).
package mailtest
