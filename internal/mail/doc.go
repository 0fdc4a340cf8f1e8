// Package mail is the messages: a [Writer] renders one, a [Client] hands it to
// an SMTP server.
//
// A message has one recipient, in its header and in its envelope, and a
// Message-ID that follows from the mail it was made for: sent twice, it can be
// told to be the same. Whatever stands in a name ends up in a name, never in
// another header or in the markup. A [DKIM] signs it, when there is a key.
//
// The package logs nothing. What went wrong is a [Failure], which says whose
// fault it was and what the relay answered.
package mail
