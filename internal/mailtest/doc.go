// Package mailtest holds what is true of every message that Tryout sends, and a
// [Watch] that holds each message to it where a test receives one: one
// recipient; one To, which is that recipient; no other tester's address, no
// other tester's link, nothing of another vendor anywhere in it; octets and
// fields as they must be; and two parsers that read the same from it.
//
// Every receiver of the repository's tests that takes what Tryout writes has a
// Watch. One that takes very many reads one in so many in full, and the envelope,
// the To and the addresses of all (see [Watch.Every]).
//
// Those that are sent stand-ins, or take too much too fast, ask for the envelope
// and the To alone ([Addressed]): the scripted relay and the odd server of package
// mail, and the receiver of bench. Nobody looks at the stand-ins of package
// outbox, which are a name instead of a message, nor at what a relay hears that
// stalls and takes nothing.
package mailtest
