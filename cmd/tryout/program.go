package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tryout/internal/beta"
	"tryout/internal/bounce"
	"tryout/internal/httpd"
	"tryout/internal/lwa"
	"tryout/internal/mail"
	"tryout/internal/outbox"
	"tryout/internal/signin"
	"tryout/internal/smapi"
	"tryout/internal/store"
	"tryout/internal/web"
)

// program is all parts, joined.
type program struct {
	url      string // what links begin with
	data     string // the data directory
	service  *beta.Service
	store    *store.Store
	replicas *replicas // nil where no others can be
	access   lwa.Access
	oauth    *lwa.Server
	signIn   *signin.Server
	api      *smapi.API
	pages    *web.Handler
	returns  *returns
	bounces  *bounce.Listener // of returned mail; nil where none is taken by SMTP
	extra    http.Handler     // pages under /inbox/; nil but in a demo
	outbox   *outbox.Outbox
	relays   []*mail.Client
	edge     *httpd.Edge
	public   *httpd.Server
	admin    *http.Server
	log      *slog.Logger
	release  func() error // the data directory
	built    atomic.Bool  // all of the above is there
}

// route gives pages to people and everything else to the API, whose 404 is JSON.
func (p *program) route(w http.ResponseWriter, r *http.Request) {
	escaped := r.URL.EscapedPath()
	switch {
	case p.extra != nil && strings.HasPrefix(r.URL.Path, "/inbox/"):
		p.extra.ServeHTTP(w, r)
	case p.pages.Owns(r.URL.Path):
		p.pages.ServeHTTP(w, r)
	case p.oauth.Owns(escaped):
		p.oauth.ServeHTTP(w, r)
	case p.signIn.Owns(escaped):
		p.signIn.ServeHTTP(w, r)
	default:
		p.api.ServeHTTP(w, r)
	}
}

// ready says why requests should go elsewhere.
func (p *program) ready(ctx context.Context) error {
	switch {
	case !p.built.Load():
		return errors.New("starting: the database was not opened yet")
	case p.edge.Draining():
		return errors.New("draining")
	}
	return cmp.Or(p.replicas.clocks(), p.store.Healthy(ctx))
}

// run serves and delivers until ctx is done, then finishes what is under way:
// first the requests, then the mail.
func (p *program) run(ctx context.Context) error {
	defer p.close()
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	serving, fault := context.WithCancelCause(ctx)
	var workers sync.WaitGroup
	workers.Go(func() { p.outbox.Run(work) })
	workers.Go(func() { fault(p.tick(work)) })
	workers.Go(func() { p.replicas.run(work) })
	workers.Go(func() { p.replicas.watch(work) })
	p.log.Info("listening", "addr", p.public.Addr().String(), "url", p.url)
	err := p.public.Serve(serving)
	if err == nil && ctx.Err() == nil {
		err = context.Cause(serving)
	}
	stop()
	workers.Wait()
	p.log.Info("stopped")
	return err
}

// sweepEvery is how often what ended long ago is looked for.
const sweepEvery = time.Minute

// tick does what time brings, until ctx is done. It returns early, with the
// reason, when the database can no longer be trusted: only a restart helps then.
func (p *program) tick(ctx context.Context) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for swept := (time.Time{}); ; {
		if p.doTimely(ctx, time.Since(swept) >= sweepEvery) {
			swept = time.Now()
		}
		if err := p.store.Fault(); err != nil {
			return fmt.Errorf("the database failed: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// doTimely does what is due now, but nothing by a clock that is wrong: a test that
// ended too early does not run again. It reports whether it swept.
func (p *program) doTimely(ctx context.Context, sweep bool) (swept bool) {
	if p.replicas.clocks() != nil {
		return false
	}
	p.whileMore(ctx, "tick", p.service.Tick)
	if sweep {
		p.whileMore(ctx, "sweep", p.access.Sweep)
		p.whileMore(ctx, "sweep", p.signIn.Sweep)
	}
	return sweep
}

// whileMore takes steps until there is nothing more to do at once.
func (p *program) whileMore(ctx context.Context, what string, step func(context.Context) (more bool, err error)) {
	for more := true; more && ctx.Err() == nil; {
		var err error
		if more, err = step(ctx); err != nil && ctx.Err() == nil {
			p.log.Error(what, "err", err)
		}
	}
}

func (p *program) close() {
	if p.admin != nil {
		p.admin.Close()
	}
	if p.bounces != nil {
		p.bounces.Close() // before the store, which it writes to
	}
	for _, r := range p.relays {
		r.Close()
	}
	if p.store != nil {
		p.store.Close()
	}
	if p.release != nil {
		p.release()
	}
}
