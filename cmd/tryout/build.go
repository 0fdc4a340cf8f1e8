package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
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

// build makes every part and joins them; it listens, but does not serve yet.
// Operators are answered from the beginning: PostgreSQL is waited for.
func build(ctx context.Context, s settings, log *slog.Logger) (p *program, err error) {
	p = &program{log: log, data: s.data}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := p.listenAdmin(s, metrics); err != nil {
		return p, err
	}
	if err := p.openStore(ctx, s); err != nil {
		return p, err
	}
	if err := s.foreign.checkVendors(ctx, p.store); err != nil {
		return p, err
	}
	if err := p.listen(s, metrics); err != nil {
		return p, err
	}
	if err := p.join(ctx, s, metrics); err != nil {
		return p, err
	}
	p.built.Store(true)
	if s.postgres != "" {
		return p, nil
	}
	return p, writeURL(s.data, p.url)
}

func (p *program) openStore(ctx context.Context, s settings) (err error) {
	if s.postgres != "" { // others may serve it too, and nothing lies beside it
		return p.await(ctx, func() (err error) {
			if p.store, err = s.open(ctx); err != nil {
				return err
			}
			if p.replicas, err = joinReplicas(ctx, p.store, p.log); err != nil {
				p.store.Close()
			}
			return err
		})
	}
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if p.release, err = store.Lock(s.data); err != nil {
		return err
	}
	if p.store, err = s.open(ctx); err != nil {
		return err
	}
	if n, err := applyForgotten(ctx, p.store, s.data); err != nil {
		return err
	} else if n > 0 {
		p.log.Warn("an older database was restored; people who were erased since are erased again", "people", n)
	}
	return p.store.LapseClaims(ctx) // the lock says that nobody else serves
}

// drainLimit is how long requests under way have to end once nobody new is let in.
const drainLimit = 10 * time.Second

// listen comes before the parts are joined: links need the port.
func (p *program) listen(s settings, metrics prometheus.Registerer) (err error) {
	p.edge = httpd.New(http.HandlerFunc(p.route), httpd.Config{
		Log: p.log, Metrics: metrics, Now: time.Now, MaxInFlight: s.maxInFlight,
		TrustedProxies: s.proxies, Fail: smapi.EdgeFailure, MaxBodyAt: smapi.MaxBodyAt,
	})
	if p.public, err = httpd.Listen(s.listen, p.edge, s.certificates); err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	p.public.Grace = max(s.drainGrace, time.Nanosecond) // zero would be the package's default
	p.public.Limit = s.drainGrace + drainLimit
	p.url = s.publicURL
	if p.url == "" {
		p.url = s.localURL(p.public.Addr())
	}
	if isLocal(host(p.url)) && slices.ContainsFunc(s.relays, func(r mail.Relay) bool { return !isLocal(r.Host) }) {
		p.log.Warn("links in mail lead to this machine only; set --public-url", "url", p.url)
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
	writer, err := s.writer(host(p.url))
	if err != nil {
		return err
	}
	p.outbox = &outbox.Outbox{}
	p.service = beta.NewService(p.store, time.Now, s.rules,
		func(at beta.Place, l beta.Link) string { return p.url + "/" + string(at) + "/" + links.Text(at, l) }, p.outbox.Wake)
	for _, relay := range s.relays {
		client := &mail.Client{Relay: relay, Hello: hello(host(p.url))}
		p.relays, p.outbox.Relays = append(p.relays, client), append(p.outbox.Relays, client)
	}
	p.outbox.Queue, p.outbox.Author, p.outbox.Writer = queue{p.store, p.replicas}, authors{p}, writer
	p.outbox.Now, p.outbox.Log, p.outbox.Workers, p.outbox.Rate = time.Now, p.log, s.connections, s.mailRate
	p.outbox.Replicas = p.replicas.count
	p.outbox.Settled = countMail(metrics)
	if err := p.joinReturns(ctx, s.returns, writer, metrics); err != nil {
		return err
	}
	others := s.foreign.others(p.url, s.maxInFlight)
	p.access = lwa.Access{Store: p.store, Now: time.Now, Life: s.accessLife, Others: others.tokens}
	limits, err := s.limits(p.replicas)
	if err != nil {
		return err
	}
	p.api = smapi.New(smapi.API{
		Service: p.service, Access: p.access, Pages: pages, Limits: limits,
		Returns: p.returns.posted,
		TestURL: func(id beta.TestID) string { return p.url + "/test/" + id.String() },
	})
	p.pages = web.New(p.service, links)
	p.pages.Errors = func(r *http.Request, err error) {
		httpd.Note(r.Context(), slog.String("err", err.Error()))
	}
	if err := p.pages.TrustOrigin(p.url); err != nil {
		return err
	}
	return p.joinAccess(ctx, s.allowAskCLI, others.voucher)
}

func (s settings) limits(r *replicas) (*smapi.Limits, error) {
	if s.rate == 0 {
		return nil, nil
	}
	return smapi.NewLimits(s.rate, r.count)
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

func (p *program) listenAdmin(s settings, metrics prometheus.Gatherer) error {
	if s.adminListen == "" {
		return nil
	}
	l, err := net.Listen("tcp", s.adminListen)
	if err != nil {
		return fmt.Errorf("--admin-listen: %w", err)
	}
	p.admin = &http.Server{Handler: httpd.Admin(p.ready, metrics), ReadHeaderTimeout: 5 * time.Second}
	p.log.Info("listening for operators", "addr", l.Addr().String())
	go p.admin.Serve(l)
	return nil
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

// hello returns how a host names itself at EHLO: an IPv4 address as a literal
// (RFC 5321, 4.1.3).
func hello(host string) string {
	if _, err := netip.ParseAddr(host); err == nil {
		return "[" + host + "]"
	}
	return host
}

// isLocal reports whether a host is this machine, seen from itself; an empty
// one is none.
func isLocal(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || host == "localhost" || err == nil && ip.IsLoopback()
}
