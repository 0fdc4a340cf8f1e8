package smapi

import (
	"net/http"
	"net/url"

	"tryout/internal/beta"
)

func (a *API) betaTest(c *call) error {
	test, status, err := a.Service.BetaTest(c.r.Context(), c.by, c.skill)
	if err != nil {
		return err
	}
	return c.writeJSON(wireTest{
		Status:           status,
		ExpiryDate:       date(test.ExpiresAt),
		FeedbackEmail:    test.FeedbackEmail,
		InvitationURL:    a.TestURL(test.ID),
		InvitesRemaining: max(0, a.Service.Cap-test.Testers),
	})
}

func (a *API) createTest(c *call) error {
	feedback, err := a.feedbackEmail(c)
	if err != nil {
		return err
	}
	if feedback == nil {
		feedback = new(string)
	}
	if err := a.Service.CreateTest(c.r.Context(), c.by, c.skill, *feedback); err != nil {
		return err
	}
	return c.located(http.StatusCreated)
}

func (a *API) updateTest(c *call) error {
	feedback, err := a.feedbackEmail(c)
	if err != nil {
		return err
	}
	if err := a.Service.UpdateTest(c.r.Context(), c.by, c.skill, feedback); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) startTest(c *call) error {
	batch, err := a.Service.StartTest(c.r.Context(), c.by, c.skill)
	return c.accepted(batch, err)
}

func (a *API) endTest(c *call) error {
	batch, err := a.Service.EndTest(c.r.Context(), c.by, c.skill)
	return c.accepted(batch, err)
}

func (c *call) accepted(batch beta.Batch, err error) error {
	if err != nil {
		return err
	}
	c.w.Header().Set("X-Tryout-Batch", batch.ID)
	return c.located(http.StatusAccepted)
}

// located answers without a body; ask-cli matches Location against SMAPI's
// paths, so it is relative and the id stays escaped.
func (c *call) located(status int) error {
	c.w.Header().Set("Location", "/v1/skills/"+url.PathEscape(string(c.skill))+"/betaTest")
	c.w.WriteHeader(status)
	return nil
}

// feedbackEmail reads {"feedbackEmail":"..."}: nil when it is not there, empty
// when it is to be cleared.
func (a *API) feedbackEmail(c *call) (*string, error) {
	return decode(a, c, true, readFeedbackEmail)
}

func readFeedbackEmail(text []byte) (*string, error) {
	r := newReader(text)
	var feedback *string
	if !r.enter('{', "$", "an object") {
		return nil, r.wrong
	}
	for name, ok := r.member(); ok; name, ok = r.member() {
		if name != "feedbackEmail" {
			r.SkipValue()
			continue
		}
		feedback = r.feedbackEmail("$.feedbackEmail")
	}
	return feedback, r.wrong.orNil()
}

func (r *reader) feedbackEmail(path string) *string {
	text, ok := r.text(path)
	if !ok || text == "" {
		return &text
	}
	email, err := beta.ParseEmail(text)
	r.blameFor(path, err)
	return &email.Given
}
