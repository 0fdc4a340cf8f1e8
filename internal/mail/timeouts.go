package mail

import (
	"cmp"
	"time"
)

// Timeouts bound each step of a dialogue (RFC 5321, 4.5.3.2, which waits
// longer). Zero means the default.
type Timeouts struct {
	Connect time.Duration // dialing, 30 s
	Command time.Duration // TLS, the banner, and each command, 30 s
	Body    time.Duration // sending the message, 2 min
	Dot     time.Duration // the answer to its end, 2 min
	Idle    time.Duration // how long a connection is kept for the next message, 30 s
}

// orDefault fills in what is zero.
func (t Timeouts) orDefault() Timeouts {
	return Timeouts{
		Connect: cmp.Or(t.Connect, 30*time.Second),
		Command: cmp.Or(t.Command, 30*time.Second),
		Body:    cmp.Or(t.Body, 2*time.Minute),
		Dot:     cmp.Or(t.Dot, 2*time.Minute),
		Idle:    cmp.Or(t.Idle, 30*time.Second),
	}
}
