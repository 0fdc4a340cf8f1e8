package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tryout/internal/beta"
	"tryout/internal/httpd"
	"tryout/internal/lwa"
	"tryout/internal/mail"
	"tryout/internal/outbox"
	"tryout/internal/smapi"
	"tryout/internal/store"
	"tryout/internal/web"
)

// program is all parts, joined.
type program struct {
	url     string // what links begin with
	data    string // the data directory
	service *beta.Service
	store   *store.Store
	access  lwa.Access
	api     *smapi.API
	pages   *web.Handler
	extra   http.Handler // pages under /inbox/; nil but in a demo
	outbox  *outbox.Outbox
	relay   *mail.Client
	edge    *httpd.Edge
	public  *httpd.Server
	admin   *http.Server
	log     *slog.Logger
	release func() error // the data directory
}

// build makes every part and joins them; it listens, but does not serve yet.
func build(ctx context.Context, s settings, log *slog.Logger) (p *program, err error) {
	p = &program{log: log, data: s.data}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if err := p.openStore(ctx, s); err != nil {
		return p, err
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := p.listen(s, metrics); err != nil {
		return p, err
	}
	if err := p.join(ctx, s, metrics); err != nil {
		return p, err
	}
	if err := p.listenAdmin(s, metrics); err != nil {
		return p, err
	}
	return p, writeURL(s.data, p.url)
}

func (p *program) openStore(ctx context.Context, s settings) (err error) {
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return err
	}
	if p.release, err = store.Lock(s.data); err != nil {
		return err
	}
	if p.store, err = openData(ctx, s.data, s.master); err != nil {
		return err
	}
	return p.store.LapseClaims(ctx) // the lock says that nobody else serves
}

// drainLimit is how long requests under way have to end once nobody new is let in.
const drainLimit = 10 * time.Second

// listen comes before the parts are joined: links need the port.
func (p *program) listen(s settings, metrics prometheus.Registerer) (err error) {
	p.edge = httpd.New(http.HandlerFunc(p.route), httpd.Config{
		Log: p.log, Metrics: metrics, Now: time.Now, MaxInFlight: s.maxInFlight,
		TrustedProxies: s.proxies, Fail: smapi.EdgeFailure,
	})
	if p.public, err = httpd.Listen(s.listen, p.edge, s.certificates); err != nil {
		return err
	}
	p.public.Grace = max(s.drainGrace, time.Nanosecond) // zero would be the package's default
	p.public.Limit = s.drainGrace + drainLimit
	p.url = s.publicURL
	if p.url == "" {
		p.url = s.localURL(p.public.Addr())
	}
	return nil
}

// localURL leads to addr from this machine.
func (s settings) localURL(addr net.Addr) string {
	scheme := "http://"
	if s.certificates != nil {
		scheme = "https://"
	}
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return scheme + net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
	}
	return scheme + addr.String()
}

// join makes the parts between the address and the database.
func (p *program) join(ctx context.Context, s settings, metrics prometheus.Registerer) error {
	links, pages, err := p.keys(ctx)
	if err != nil {
		return err
	}
	writer, err := mail.NewWriter(s.mailFrom, host(p.url))
	if err != nil {
		return err
	}
	p.outbox = &outbox.Outbox{}
	p.service = beta.NewService(p.store, time.Now, s.rules,
		func(l beta.Link) string { return p.url + "/i/" + links.Text(l) }, p.outbox.Wake)
	p.relay = &mail.Client{Relay: s.relay, Hello: host(p.url)}
	p.outbox.Queue, p.outbox.Author, p.outbox.Writer, p.outbox.Sender = p.store, p.service, writer, p.relay
	p.outbox.Now, p.outbox.Log, p.outbox.Workers = time.Now, p.log, s.connections
	p.outbox.Settled = countMail(metrics)
	p.access = lwa.Access{Store: p.store, Now: time.Now}
	limits, err := s.limits()
	if err != nil {
		return err
	}
	p.api = smapi.New(smapi.API{
		Service: p.service, Access: p.access, Pages: pages, Limits: limits,
		TestURL: func(id beta.TestID) string { return p.url + "/test/" + id.String() },
	})
	p.pages = web.New(p.service, links)
	p.pages.Errors = func(r *http.Request, err error) {
		httpd.Note(r.Context(), slog.String("err", err.Error()))
	}
	return p.pages.TrustOrigin(p.url)
}

func (s settings) limits() (*smapi.Limits, error) {
	if s.rate == 0 {
		return nil, nil
	}
	return smapi.NewLimits(s.rate)
}

// keys returns what authenticates links and page tokens.
func (p *program) keys(ctx context.Context) (links beta.Links, pages smapi.Pages, err error) {
	link, err := p.store.Key(ctx, "link")
	if err != nil {
		return links, pages, err
	}
	page, err := p.store.Key(ctx, "page")
	if err != nil {
		return links, pages, err
	}
	pages, err = smapi.NewPages(page, time.Now)
	return beta.NewLinks(link), pages, err
}

// route gives pages to people and everything else to the API, whose 404 is JSON.
func (p *program) route(w http.ResponseWriter, r *http.Request) {
	switch {
	case p.extra != nil && strings.HasPrefix(r.URL.Path, "/inbox/"):
		p.extra.ServeHTTP(w, r)
	case p.pages.Owns(r.URL.Path):
		p.pages.ServeHTTP(w, r)
	default:
		p.api.ServeHTTP(w, r)
	}
}

func (p *program) listenAdmin(s settings, metrics prometheus.Gatherer) error {
	if s.adminListen == "" {
		return nil
	}
	l, err := net.Listen("tcp", s.adminListen)
	if err != nil {
		return err
	}
	p.admin = &http.Server{Handler: httpd.Admin(p.ready, metrics), ReadHeaderTimeout: 5 * time.Second}
	p.log.Info("listening for operators", "addr", l.Addr().String())
	go p.admin.Serve(l)
	return nil
}

// ready says why requests should go elsewhere.
func (p *program) ready(ctx context.Context) error {
	if p.edge.Draining() {
		return errors.New("draining")
	}
	return p.store.Healthy(ctx)
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

// tick does what time brings, until ctx is done. It returns early, with the
// reason, when the database can no longer be trusted: only a restart helps then.
func (p *program) tick(ctx context.Context) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		for more := true; more && ctx.Err() == nil; {
			var err error
			if more, err = p.service.Tick(ctx); err != nil && ctx.Err() == nil {
				p.log.Error("tick", "err", err)
			}
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

func (p *program) close() {
	if p.admin != nil {
		p.admin.Close()
	}
	if p.relay != nil {
		p.relay.Close()
	}
	if p.store != nil {
		p.store.Close()
	}
	if p.release != nil {
		p.release()
	}
}

func countMail(metrics prometheus.Registerer) func(beta.MailState) {
	outcomes := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tryout_mail_attempts_total", Help: "Attempts to deliver mail, by what became of it.",
	}, []string{"state"})
	metrics.MustRegister(outcomes)
	return func(s beta.MailState) { outcomes.WithLabelValues(string(s)).Inc() }
}

// host returns the name in a URL, for EHLO and Message-IDs, where an IPv6
// address cannot stand.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil || strings.Contains(u.Hostname(), ":") {
		return "localhost"
	}
	return u.Hostname()
}
