package mail_test

import (
	"sync"
	"testing"

	"tryout/internal/mail"
)

// once is a relay that answers one step once with what it was told, and then is
// as any other: without a sender it takes no recipient, without a recipient no
// message, and no second sender without RSET. Where RSET is that step, it refuses
// a recipient first.
type once struct {
	script
	mail.Relay
	at string

	lock    sync.Mutex
	says    string // empty when it was said
	begun   bool   // a transaction
	refused bool   // its sender or recipient
}

func newOnce(t testing.TB, step string, extensions ...string) *once {
	o := &once{at: step}
	o.turn, o.extensions = o.say, extensions
	if step == "STARTTLS" {
		o.extensions = append(o.extensions, step)
	}
	if step == "AUTH" {
		o.extensions = append(o.extensions, "AUTH PLAIN")
	}
	o.Relay = o.relayOf(t)
	if step == "AUTH" {
		o.User, o.Password = "user", "secret"
	}
	return o
}

func (o *once) say(_ int, step string) (answer string) {
	o.lock.Lock()
	defer o.lock.Unlock()
	if step == "banner" || step == "RSET" || step == "end of data" {
		o.begun, o.refused = false, false
	}
	switch {
	case step == o.at && o.says != "":
		answer, o.says = o.says, ""
		o.refused = step == "MAIL FROM" || step == "RCPT TO"
	case step == "RCPT TO" && o.isBeforeReset():
		o.refused = true
		return "550 5.1.1 no such user"
	case step == "MAIL FROM" && o.begun, o.refused && (step == "RCPT TO" || step == "DATA"):
		return "503 5.5.1 not now"
	case step == "MAIL FROM":
		o.begun = true
	case step == "EHLO" && o.at == "STARTTLS" && o.says == "":
		return "250 relay.example" // the script speaks no TLS
	}
	return answer
}

func (o *once) isBeforeReset() bool { return o.at == "RSET" && o.says != "" }

func (o *once) tell(answer string) {
	o.lock.Lock()
	defer o.lock.Unlock()
	o.says = answer
}

func (o *once) isSaid() bool {
	o.lock.Lock()
	defer o.lock.Unlock()
	return o.says == ""
}

// check sends a mail of a new client to the relay while it says such a thing,
// and one more, which must be taken, over so many connections in all; before
// RSET comes one that is refused. Of a failure the reply must be kept.
func (o *once) check(t testing.TB, want mail.Outcome, said string, kept mail.Reply, conns int) {
	t.Helper()
	before, _, _ := o.seen()
	o.tell(said)
	c := &mail.Client{Relay: o.Relay}
	if o.at == "RSET" {
		refused(t, c, note())
	}
	got, fail := attempt(t, c)
	switch kept.Relay = o.Addr(); {
	case fail == nil && (want != taken || got.Code != 250):
		t.Errorf("%.40q at %s: taken with %v, want %v", said, o.at, got, want)
	case fail != nil && (fail.Outcome != want || fail.Step != o.at || fail.Reply != kept):
		t.Errorf("%.40q at %s:\ngot  %v at %s, %#v\nwant %v, %#v", said, o.at, fail.Outcome, fail.Step, fail.Reply, want, kept)
	}
	if _, fail := attempt(t, c); fail != nil {
		t.Errorf("the mail after %.40q at %s: %v", said, o.at, fail)
	}
	c.Close()
	if after, _, _ := o.seen(); after-before != conns || !o.isSaid() {
		t.Errorf("%.40q at %s: %d connections, want %d; said: %v", said, o.at, after-before, conns, o.isSaid())
	}
}

// attempt sends a message; a client fails with nothing but a Failure.
func attempt(t testing.TB, c *mail.Client) (mail.Reply, *mail.Failure) {
	t.Helper()
	reply, err := c.Send(t.Context(), written(note()), nil)
	if err == nil {
		return reply, nil
	}
	fail, is := err.(*mail.Failure)
	if !is {
		t.Fatalf("Send: got %v, want a Failure", err)
	}
	return reply, fail
}
