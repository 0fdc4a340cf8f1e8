package smapi

import (
	"net/http"
	"net/url"

	"tryout/internal/beta"
)

// email reads a path's last parameter as an address.
func (c *call) email() (beta.Email, violations) {
	text, err := url.PathUnescape(c.args[0])
	if err != nil {
		return beta.Email{}, violations{{Code: codeParameter, Message: "emailId: bad percent-encoding"}}
	}
	email, err := beta.ParseEmail(text)
	if v, bad := err.(beta.Violation); bad {
		return email, violations{{Code: v.Code, Message: "emailId: " + v.Message}}
	}
	return email, nil
}

// story answers "did it arrive?": everything known of one address.
func (a *API) story(c *call) error {
	email, wrong := c.email()
	if wrong != nil {
		return a.refuse(c, wrong)
	}
	story, err := a.Service.Story(c.r.Context(), c.by, c.skill, email)
	if err != nil {
		return err
	}
	return c.writeJSON(wireStoryOf(story))
}

func (a *API) resend(c *call) error {
	email, wrong := c.email()
	if wrong != nil {
		return a.refuse(c, wrong)
	}
	batch, err := a.Service.Resend(c.r.Context(), c.by, c.skill, email)
	if err != nil {
		return err
	}
	c.w.Header().Set("X-Tryout-Batch", batch.ID)
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func wireStoryOf(s beta.Story) wireStory {
	w := wireStory{
		EmailID: s.Email.Given, State: s.State(), Language: s.Language(), MailRefusal: s.Tester.Refusal(), IsReminderAllowed: s.MayRemind,
		AssociationDate: date(s.Tester.AssociatedAt), InvitationStatus: s.Tester.InvitationStatus(),
		Mails: make([]wireMail, len(s.Mails)), History: make([]wireEvent, len(s.Events)),
	}
	if s.Tester.Number == 0 {
		w.AssociationDate, w.RemovalDate = date(s.Former[0].AssociatedAt), date(s.Former[0].RemovedAt)
	}
	for i, m := range s.Mails {
		w.Mails[i] = wireMailOf(m)
	}
	for i, e := range s.Events {
		w.History[i] = wireEvent{
			At: date(e.At), BatchID: e.ID, By: e.By, RequestID: e.RequestID,
			Operation: e.Operation, Result: e.Result, Reason: e.Reason,
		}
	}
	return w
}

func wireMailOf(m beta.MailRecord) wireMail {
	w := wireMail{
		ID: m.ID.String(), Kind: m.Kind, State: m.State, Refusal: m.Refusal, QueuedDate: date(m.QueuedAt), SettledDate: date(m.SettledAt),
		BatchID: m.Batch, RequestID: m.RequestID, Attempts: make([]wireAttempt, len(m.Replies)),
	}
	if m.SettledAt.IsZero() {
		w.DueDate = date(m.DueAt)
	}
	for i, r := range m.Replies {
		w.Attempts[i] = wireAttempt{
			At: date(r.At), Times: r.Times, Since: date(r.Since), State: r.State, Relay: r.Relay, Step: r.Step,
			Code: r.Code, EnhancedCode: r.Enhanced, Reply: r.Text, QueueID: r.QueueID,
		}
	}
	return w
}
