package outbox

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

const (
	notYet   = time.Second // until a mail that waits for another, or for the database, is looked at again
	patience = time.Second // how long a relay may have to wait for the text, once it is ready
)

// work sends mails until there are no more. While outcomes cannot be recorded,
// those that wait for that are as many as fit ahead, and nothing more is taken up.
func (o *Outbox) work(ctx context.Context, mails <-chan claimed, done chan<- ended) {
	for c := range mails {
		e := ended{Attempt: beta.Attempt{Claim: c.claim, Mail: c.Mail}}
		e.taken = take(ctx, o.ahead) // if not, nothing is sent any more
		e.Outcome = o.attempt(ctx, &e)
		done <- e
	}
}

// begin waits for room in the window: from now on e may have been taken by the
// relay, and a crash that comes before this is recorded would send it again.
// The relay is in the middle of a dialogue, and whether e is still wanted was
// asked before; so it does not wait for long.
func (o *Outbox) begin(ctx context.Context, e *ended) error {
	if e.begun { // by way of another relay
		return nil
	}
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if e.begun = take(soon, o.window); !e.begun {
		return instead{o.giveBack(e.Mail, o.Now().Add(notYet))}
	}
	return nil
}

// take waits for one of places; it reports false when ctx ended before.
func take(ctx context.Context, places chan<- struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// attempt sends e's mail if there is time for it, and says what follows. An attempt
// has the first half of the lease to begin the message and the second half to
// finish it: nobody else claims a mail that is being sent.
func (o *Outbox) attempt(ctx context.Context, e *ended) (s beta.Settlement) {
	m := e.Mail
	defer func() {
		if p := recover(); p != nil {
			o.Log.Error("delivery panicked", "mail", m.ID.String(), "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			s = o.afterFault(m)
		}
	}()
	left := m.DueAt.Sub(o.Now()) - o.Lease/2
	if ctx.Err() != nil || left <= 0 {
		return o.giveBack(m, o.Now())
	}
	within, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	if !o.budget.wait(within, o.Now) {
		return o.giveBack(m, o.Now())
	}
	return o.send(within, e)
}

// send hands e's mail to the first relay that is to be asked and does not turn out to
// be away, if it is still wanted, which is asked once the relay waits for it.
func (o *Outbox) send(ctx context.Context, e *ended) (s beta.Settlement) {
	m := e.Mail
	for _, r := range o.routes {
		began := o.Now()
		if r.left(began) > 0 {
			continue
		}
		reply, err := r.Send(ctx,
			func() (mail.Message, error) { return o.write(ctx, m) },
			func(ctx context.Context) error { return o.begin(ctx, e) })
		if instead, is := err.(instead); is {
			return instead.Settlement
		}
		s = o.judge(r, m, began, reply, err)
		if !isRelays(err) || ctx.Err() != nil {
			return s
		}
	}
	if s.State == "" { // nobody is to be asked: it keeps its place before those who were tried
		return o.wait(m, o.Now())
	}
	return s
}

// instead is what becomes of a mail of which there is nothing to send.
type instead struct{ beta.Settlement }

func (i instead) Error() string { return "not sent: " + string(i.State) }

// write returns the message, or what is to become of the mail instead.
func (o *Outbox) write(ctx context.Context, m beta.Mail) (mail.Message, error) {
	letter, wanted, err := o.Author.Letter(ctx, m)
	switch {
	case err != nil && ctx.Err() != nil:
		return mail.Message{}, instead{o.giveBack(m, o.Now())}
	case errors.Is(err, beta.ErrNotYet), isAway(err):
		return mail.Message{}, instead{o.giveBack(m, o.Now().Add(notYet))}
	case err != nil:
		o.Log.Error("letter", "mail", m.ID.String(), "err", err)
		return mail.Message{}, instead{o.afterFault(m)}
	case letter.Refusal != "":
		s := o.settled(m, beta.MailSuppressed)
		s.Refusal = letter.Refusal
		return mail.Message{}, instead{s}
	case !wanted:
		return mail.Message{}, instead{o.settled(m, beta.MailDropped)}
	}
	message, err := o.Writer.Write(letter, o.Now())
	if err != nil {
		o.Log.Error("write mail", "mail", m.ID.String(), "err", err)
		s := o.settled(m, beta.MailFailed)
		s.Reply = beta.Reply{At: o.Now(), Step: "write", Text: err.Error()}
		return message, instead{s}
	}
	return message, nil
}

// isAway reports whether the database could not be asked: that is no fault of
// the mail's, and those who claim and settle say it.
func isAway(err error) bool {
	var e *beta.Error
	return errors.As(err, &e) && e.Kind == beta.Unavailable
}
