package signin_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tryout/internal/beta"
	"tryout/internal/httpd"
	"tryout/internal/lwa"
	"tryout/internal/signin"
	"tryout/internal/store"
	"tryout/internal/storetest"
	"tryout/internal/web"
)

const home = "https://beta.example.com"

// site is a server where ann may sign in; she owns the vendor V1. Its mail is
// written when a test says so.
type site struct {
	*signin.Server
	signin.Register
	t       *testing.T
	dir     string
	store   *store.Store
	clock   *storetest.Clock
	edge    http.Handler
	log     *bytes.Buffer
	metrics *prometheus.Registry
	url     string
	woken   int
}

func newSite(t *testing.T) *site { return newSiteAt(t, home) }

func newSiteAt(t *testing.T, home string) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), clock: storetest.NewClock(), log: &bytes.Buffer{}, metrics: prometheus.NewRegistry(), url: home}
	s.store = storetest.OpenDir(t, s.dir, s.clock.Now)
	s.must(s.store.Update(t.Context(), func(tx beta.Tx) error {
		_, err := tx.CreateVendor(beta.Vendor{ID: "V1", Name: "Acme"}, storetest.Start)
		return err
	}))
	s.Register = signin.Register{Store: s.store, Now: s.clock.Now}
	_, err := s.Create(t.Context(), address(t, "Ann@example.com"), "Ann", "de")
	s.must(err)
	s.must(s.Grant(t.Context(), address(t, "ann@example.com"), "V1", lwa.Owner))
	s.restart()
	s.edge = httpd.New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.Server.ServeHTTP(w, r) }),
		httpd.Config{Metrics: s.metrics, Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	return s
}

// restart begins anew, with nothing counted yet.
func (s *site) restart() {
	s.t.Helper()
	var err error
	s.Server, err = signin.New(signin.Config{
		Store: s.store, Now: s.clock.Now, URL: s.url, Key: []byte("a key"), Pages: web.New(nil, beta.Links{}), Queued: func() { s.woken++ },
	})
	s.must(err)
}

func address(t *testing.T, text string) beta.Email {
	t.Helper()
	e, err := beta.ParseEmail(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) want(what string, got, want any) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// browser holds the cookies that it was given, as a browser does.
type browser struct {
	*site
	from    string
	cookies map[string]*http.Cookie
}

func (s *site) browser() *browser {
	return &browser{s, "192.0.2.1:1234", map[string]*http.Cookie{}}
}

// send passes a request through the edge; form is nil for a GET.
func (b *browser) send(method, path string, form url.Values, change ...func(*http.Request)) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequest(method, b.url+path, strings.NewReader(form.Encode()))
	r.RemoteAddr = b.from
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	b.edge.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c
		}
	}
	return w
}

const back = "/ap/oa?client_id=c&state=x"

// asks has a code mailed.
func (b *browser) asks(email string) {
	b.t.Helper()
	b.clock.Advance(time.Millisecond) // so that the mail is the newest
	w := b.send("POST", "/sign-in", url.Values{"email": {email}, "back": {back}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/sign-in/code" {
		b.t.Fatalf("asking for a code: got %d %v %s", w.Code, w.Header(), w.Body)
	}
}

func (b *browser) types(code string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.send("POST", "/sign-in/code", url.Values{"code": {code}})
}

// signsIn signs ann in.
func (b *browser) signsIn() {
	b.t.Helper()
	b.asks("ann@example.com")
	w := b.types(b.letter().Code)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != back {
		b.t.Fatalf("signing in: got %d %v %s", w.Code, w.Header(), w.Body)
	}
}

// who is signed in.
func (b *browser) who() string {
	b.t.Helper()
	r := httptest.NewRequest("GET", b.url+"/ap/oa", nil)
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	p, session, found, err := b.SignedIn(r)
	b.must(err)
	if found != (p.ID != "") || found && session == "" {
		b.t.Errorf("signed in: got %+v, %q, %v", p, session, found)
	}
	return p.Email
}

// mails are claimed: every mail that was queued since the last time.
func (s *site) mails() []beta.Mail {
	s.t.Helper()
	list, err := s.store.ClaimMail(s.t.Context(), "claim", 1000, 1)
	s.must(err)
	return list
}

// letter writes the mail that was queued last, which must be wanted.
func (s *site) letter() beta.Letter {
	s.t.Helper()
	mails := s.mails()
	if len(mails) == 0 {
		s.t.Fatal("no mail is due")
	}
	last := slices.MaxFunc(mails, func(a, b beta.Mail) int { return a.QueuedAt.Compare(b.QueuedAt) })
	l, wanted, err := s.Letter(context.Background(), last)
	s.must(err)
	if !wanted {
		s.t.Fatalf("the mail to %s is not wanted", last.To.Given)
	}
	return l
}
