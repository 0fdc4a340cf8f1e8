package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"tryout/internal/beta"
	"tryout/internal/bounce"
	"tryout/internal/smapi"
)

var (
	errNoRelay = &beta.Error{Kind: beta.NotFound, Code: beta.CodeNotFound, Message: "No such relay is set up here."}
	errNoProof = &beta.Error{
		Kind: beta.Unauthorized, Code: beta.CodeUnauthorized, Message: "The signature or secret is missing, wrong, or of another time.",
	}
)

// posted takes what a hosted relay posts; it is an [smapi.Returns].
func (r *returns) posted(ctx context.Context, p smapi.Post) (done smapi.Posted, err error) {
	list, err := r.read(p, time.Now())
	var asked *bounce.Subscription
	if errors.As(err, &asked) {
		r.log.Warn("SNS asks whether its posts are wanted: open the address to say so", "topic", asked.Topic, "confirm", asked.URL)
		return done, nil
	}
	if err != nil {
		return done, refusal(err)
	}
	by := via{name: p.Relay, from: "webhook " + p.Relay, requestID: p.RequestID}
	for _, found := range list {
		id, queued, known := r.about(found)
		if known {
			if known, err = r.take(ctx, id, queued, found, by); err != nil {
				return done, err
			}
		} else {
			r.count(by.name, "unknown")
		}
		if known {
			done.Taken++
		} else {
			done.Unknown++
		}
	}
	return done, nil
}

// read checks a post's proof, then reads it.
func (r *returns) read(p smapi.Post, now time.Time) ([]bounce.Report, error) {
	switch {
	case p.Relay == "ses" && r.ses != "":
		return checked(bounce.CheckSecret(r.ses, p.Secret), bounce.SES, p.Body)
	case p.Relay == "postmark" && r.postmark != "":
		return checked(bounce.CheckSecret(r.postmark, p.Secret), bounce.Postmark, p.Body)
	case p.Relay == "sendgrid" && r.sendGrid != nil:
		return checked(bounce.CheckSendGrid(r.sendGrid, p.Header, p.Body, now), bounce.SendGrid, p.Body)
	case p.Relay == "mailgun" && len(r.mailgun) > 0:
		return bounce.Mailgun(r.mailgun, p.Body, now)
	case p.Relay == "events" && len(r.events) > 0:
		return checked(bounce.CheckEvents(r.events, p.Header, p.Body, now), bounce.Events, p.Body)
	}
	return nil, errNoRelay
}

func checked(proof error, read func([]byte) ([]bounce.Report, error), body []byte) ([]bounce.Report, error) {
	if proof != nil {
		return nil, proof
	}
	return read(body)
}

// refusal is how a post that cannot be read is answered.
func refusal(err error) error {
	switch {
	case errors.Is(err, bounce.ErrSignature):
		return errNoProof
	case errors.Is(err, errNoRelay):
		return err
	}
	return beta.Violation{Code: "CONTENT_PARSE_FAILURE", Message: "$: " + strings.TrimPrefix(err.Error(), "bounce: ")}
}
