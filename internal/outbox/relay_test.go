package outbox_test

import (
	"context"
	"sync"
	"time"

	"tryout/internal/mail"
	"tryout/internal/mailtest"
)

// script says what becomes of one message; try counts how often that very
// message was handed over, from 1. Nil means that it was taken.
type script func(ctx context.Context, m mail.Message, try int) error

// relay is a scripted sender that journals what it was handed.
type relay struct {
	watch *mailtest.Watch // looks at every message; nil where they are only names

	mu     sync.Mutex
	script script
	tries  map[string]int // by Message-ID
	ready  int            // how often it waited for a text
	asked  []handed       // every message handed over
	taken  []handed       // those that the relay took, whatever it answered
	now    int            // being handed over
	most   int            // at once
}

type handed struct {
	ID, To string
	At     time.Time
}

// Send implements outbox.Sender.
func (r *relay) Send(ctx context.Context, write func() (mail.Message, error), begin func(context.Context) error) (mail.Reply, error) {
	m, err := write()
	if err == nil {
		r.waits()
		err = begin(ctx)
	}
	if err != nil {
		return mail.Reply{}, err
	}
	if r.watch != nil {
		r.watch.See([]string{m.To}, m.Data)
	}
	script, try := r.begin(m)
	if script != nil {
		err = script(ctx, m, try)
	}
	r.end(m, err)
	if err != nil {
		return mail.Reply{}, err
	}
	return mail.Reply{Relay: "relay:25", Code: 250, Enhanced: "2.0.0", Text: "taken for " + m.To}, nil
}

func (r *relay) waits() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ready++
}

// waited returns how often it waited for a text.
func (r *relay) waited() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ready
}

func (r *relay) begin(m mail.Message) (script, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, handed{m.ID, m.To, time.Now()})
	r.tries[m.ID]++
	r.now++
	r.most = max(r.most, r.now)
	return r.script, r.tries[m.ID]
}

func (r *relay) end(m mail.Message, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now--
	if err == nil || outcome(err) == mail.Unknown {
		r.taken = append(r.taken, handed{m.ID, m.To, time.Now()})
	}
}

// follow changes the script.
func (r *relay) follow(s script) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script = s
}

// all returns what was handed over and what was taken so far.
func (r *relay) all() (asked, taken []handed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append(asked, r.asked...), append(taken, r.taken...)
}

// copies returns how often each message was taken, by recipient.
func (r *relay) copies() map[string]int {
	_, taken := r.all()
	n := map[string]int{}
	for _, h := range taken {
		n[h.To]++
	}
	return n
}

// always is a script that ends every message alike.
func always(err error) script {
	return func(context.Context, mail.Message, int) error { return err }
}

// refusal is a failure with an answer of the relay's, which repeats an address
// as relays do.
func refusal(o mail.Outcome, step string, code int, enhanced string) *mail.Failure {
	return &mail.Failure{Outcome: o, Step: step, Reply: mail.Reply{
		Relay: "relay:25", Code: code, Enhanced: enhanced, Text: "<t1@example.com>: no",
	}}
}

func outcome(err error) mail.Outcome {
	if f, ok := err.(*mail.Failure); ok {
		return f.Outcome
	}
	return 0
}

// Failures without an answer.
var (
	unreachable = &mail.Failure{Outcome: mail.Temporary, Step: "connect", Reply: mail.Reply{Relay: "relay:25"}, Err: errRefused}
	silence     = &mail.Failure{Outcome: mail.Unknown, Step: "end of data", Reply: mail.Reply{Relay: "relay:25"}, Err: errRefused}
	cutOff      = refusal(mail.Cut, "MAIL FROM", 421, "4.3.2")
)

type textError string

func (e textError) Error() string { return string(e) }

const errRefused = textError("connection refused")
