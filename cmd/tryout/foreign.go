package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tryout/internal/beta"
	"tryout/internal/foreign"
	"tryout/internal/lwa"
	"tryout/internal/signin"
	"tryout/internal/store"
)

// waitingShare is the part of the requests served at once that may wait for
// others: the rest are for who brings a token of ours.
const waitingShare = 4

// others are whom the program believes besides itself.
type others struct {
	tokens  lwa.Others     // nil: nobody
	voucher signin.Voucher // nil: nobody
}

// others joins those whom the operator named. url is where people come back to.
func (s foreignSettings) others(url string, maxInFlight int) (o others) {
	// Connections to others are few; the environment may name a proxy for them.
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true}
	places := foreign.NewPlaces(maxInFlight / waitingShare)
	var sources []foreign.Source
	if s.issuer.URL != "" {
		i := s.issuer
		i.Now, i.ReturnTo, i.Places = time.Now, url+signin.ReturnPath, places
		issuer := foreign.NewIssuer(i, transport)
		if i.Audience != "" {
			sources = append(sources, foreign.Source{Verifier: issuer, Rules: s.issuerRules})
		}
		if i.ClientID != "" {
			o.voucher = issuer
		}
	}
	if len(s.amazon.Clients) > 0 {
		a := s.amazon
		a.Now = time.Now
		sources = append(sources, foreign.Source{Verifier: foreign.NewAmazon(a, transport), Rules: s.amazonRules})
	}
	if sources != nil {
		o.tokens = foreign.NewJudge(time.Now, places, sources...)
	}
	return o
}

// checkVendors names every vendor that has a rule and is not there.
func (s foreignSettings) checkVendors(ctx context.Context, st *store.Store) error {
	var mistakes []error
	err := st.View(ctx, func(r beta.Reader) error {
		mistakes = nil
		for _, one := range []struct {
			flag  string
			rules foreign.Rules
		}{{"oidc-role", s.issuerRules}, {"lwa-role", s.amazonRules}} {
			for _, id := range one.rules.Vendors() {
				if _, err := r.Vendor(id); errors.Is(err, beta.ErrNoRow) {
					mistakes = append(mistakes, fmt.Errorf("--%s: there is no vendor %q", one.flag, id))
				} else if err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil && mistakes != nil {
		err = usageError{errors.Join(mistakes...)}
	}
	return err
}
