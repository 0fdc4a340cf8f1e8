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

const notYet = time.Second // until a mail that waits for another is looked at again

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
	now := o.Now()
	pause, left := o.pause.left(now), m.DueAt.Sub(now)-o.Lease/2
	if ctx.Err() != nil || pause > 0 || left <= 0 {
		return o.giveBack(m, now.Add(max(0, pause)))
	}
	within, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	return o.send(within, m)
}

// send hands m to the relay if it is still wanted, which is asked once the
// relay waits for it.
func (o *Outbox) send(ctx context.Context, m beta.Mail) beta.Settlement {
	reply, err := o.Sender.Send(ctx, func() (mail.Message, error) { return o.write(ctx, m) })
	if instead, is := err.(instead); is {
		return instead.Settlement
	}
	return o.judge(m, reply, err)
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
	case errors.Is(err, beta.ErrNotYet):
		return mail.Message{}, instead{o.giveBack(m, o.Now().Add(notYet))}
	case err != nil:
		o.Log.Error("letter", "mail", m.ID.String(), "err", err)
		return mail.Message{}, instead{o.afterFault(m)}
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
