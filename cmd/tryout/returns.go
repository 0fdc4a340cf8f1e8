package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tryout/internal/beta"
	"tryout/internal/bounce"
	"tryout/internal/mail"
	"tryout/internal/store"
)

// returns joins what comes back, whichever way, with the domain.
type returns struct {
	returnsSettings
	service   *beta.Service
	addresses bounce.Addresses // zero when mails have no return path of their own
	log       *slog.Logger
	count     func(via, outcome string)
}

// kinds of bounce are the domain's.
var returnKinds = map[bounce.Kind]beta.ReturnKind{
	bounce.Permanent: beta.ReturnPermanent,
	bounce.Temporary: beta.ReturnTemporary,
	bounce.Complaint: beta.ReturnComplaint,
	bounce.Delivered: beta.ReturnDelivered,
}

// via is the way that a report came in.
type via struct {
	name      string // as the log and the metrics have it
	from      string // who told, where the report does not say
	requestID string
}

// take records a report about a mail. known is false when there is no such
// mail: it was erased, or is of a time before an older database was restored.
func (r *returns) take(ctx context.Context, id beta.MailID, queued time.Time, found bounce.Report, by via) (known bool, err error) {
	told := beta.Return{
		Kind: returnKinds[found.Kind], AddressRefused: found.AddressRefused, From: by.from,
		Code: found.Code, Enhanced: found.Enhanced, Text: found.Text, At: found.At, RequestID: by.requestID,
	}
	if told.From == "" {
		told.From = found.RemoteMTA
	}
	if told.From == "" {
		told.From = "a returned message"
	}
	err = r.service.Returned(ctx, id, queued, told)
	if isUnknown(err) {
		r.count(by.name, "unknown")
		return false, nil
	}
	if err == nil {
		r.count(by.name, string(found.Kind))
		r.log.Info("returned", "mail", id.String(), "via", by.name, "kind", found.Kind, "code", found.Code, "enhanced", found.Enhanced)
	}
	return true, err
}

func isUnknown(err error) bool {
	var e *beta.Error
	return errors.As(err, &e) && e.Kind == beta.NotFound
}

// received takes what came to a return path; it is a [bounce.Take].
func (r *returns) received(ctx context.Context, id beta.MailID, queued time.Time, list []bounce.Report) error {
	for _, found := range list {
		if _, err := r.take(ctx, id, queued, found, via{name: "smtp"}); err != nil {
			return err
		}
	}
	return nil
}

// about returns which mail a relay's report is about: the return path proves
// it, the Message-ID is believed because the post proved itself.
func (r *returns) about(found bounce.Report) (id beta.MailID, queued time.Time, ok bool) {
	if r.domain != "" {
		if id, queued, ok = r.addresses.Parse(found.ReturnPath); ok {
			return id, queued, true
		}
	}
	return mail.ParseMessageID(found.MessageID)
}

// countReturns counts what came back, by way and outcome.
func countReturns(metrics prometheus.Registerer) func(via, outcome string) {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tryout_returns_total", Help: "Reports about mail that was sent, by the way they came and what they told.",
	}, []string{"via", "outcome"})
	metrics.MustRegister(counter)
	return func(via, outcome string) { counter.WithLabelValues(via, outcome).Inc() }
}

// joinReturns makes the ways in that the settings name.
func (p *program) joinReturns(ctx context.Context, s returnsSettings, w *mail.Writer, metrics prometheus.Registerer) (err error) {
	p.returns = &returns{returnsSettings: s, service: p.service, log: p.log, count: countReturns(metrics)}
	if w.Postmark = s.postmark != ""; s.domain == "" {
		return nil
	}
	if p.returns.addresses, err = returnPaths(ctx, p.store, s.domain); err != nil {
		return err
	}
	w.ReturnPath = p.returns.addresses.Text
	if s.listen == "" {
		return nil
	}
	if p.bounces, err = bounce.Listen(s.listen, p.returns.addresses, p.returns.received, p.log); err != nil {
		return fmt.Errorf("--bounce-listen: %w", err)
	}
	p.log.Info("listening for returned mail", "addr", p.bounces.Addr().String(), "domain", s.domain)
	return nil
}

// returnPaths are those at a domain of the mails of a database.
func returnPaths(ctx context.Context, s *store.Store, domain string) (bounce.Addresses, error) {
	key, err := s.Key(ctx, bounceKey)
	return bounce.NewAddresses(key, domain), err
}

// bounceKey is the name of the key that authenticates return paths.
const bounceKey = "bounce"
