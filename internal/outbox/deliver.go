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

const notYet = time.Second // until a mail that waits for another, or for the database, is looked at again

// work sends mails until there are no more. It begins none while too many are
// begun and not recorded: those are what a crash sends twice.
func (o *Outbox) work(ctx context.Context, mails <-chan claimed, done chan<- ended) {
	for c := range mails {
		begun := o.begin(ctx)
		done <- ended{beta.Attempt{Claim: c.claim, Mail: c.Mail, Outcome: o.attempt(ctx, c.Mail)}, begun}
	}
}

// begin waits for room in the window, unless ctx is done: nothing is sent then.
func (o *Outbox) begin(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case o.window <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// attempt sends m if there is time for it, and says what follows. An attempt
// has the first half of the lease to begin the message and the second half to
// finish it: nobody else claims a mail that is being sent.
func (o *Outbox) attempt(ctx context.Context, m beta.Mail) (s beta.Settlement) {
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
	return o.send(within, m)
}

// send hands m to the first relay that is to be asked and does not turn out to
// be away, if it is still wanted, which is asked once the relay waits for it.
func (o *Outbox) send(ctx context.Context, m beta.Mail) (s beta.Settlement) {
	for _, r := range o.routes {
		began := o.Now()
		if r.left(began) > 0 {
			continue
		}
		reply, err := r.Send(ctx, func() (mail.Message, error) { return o.write(ctx, m) })
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
