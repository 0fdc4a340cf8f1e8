package lwa_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/html"

	"tryout/internal/beta"
	"tryout/internal/httpd"
	"tryout/internal/lwa"
	"tryout/internal/signin"
	"tryout/internal/store"
	"tryout/internal/storetest"
	"tryout/internal/web"
)

const (
	issuer   = "https://beta.example.com"
	callback = "https://app.example/cb"
)

// site is a server with the vendors V1 and V2, where ann may sign in: she owns
// V1. The client asks people of V1; the machine acts for V1 itself.
type site struct {
	*lwa.Server
	t       *testing.T
	dir     string
	store   *store.Store
	access  lwa.Access
	clock   *storetest.Clock
	people  *people
	edge    http.Handler
	log     *safeBuffer
	told    *safeBuffer // every refusal's body
	metrics *prometheus.Registry
	client  credentials
	machine credentials
	tickets []string // of the pages shown
}

type credentials struct{ id, secret string }

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), clock: storetest.NewClock(), log: &safeBuffer{}, told: &safeBuffer{}, metrics: prometheus.NewRegistry()}
	s.store = storetest.OpenDir(t, s.dir, s.clock.Now)
	s.must(s.store.Update(t.Context(), func(tx beta.Tx) error {
		for _, id := range []beta.VendorID{"V1", "V2"} {
			if _, err := tx.CreateVendor(vendorOf(id), storetest.Start); err != nil {
				return err
			}
		}
		return nil
	}))
	s.access = lwa.Access{Store: s.store, Now: s.clock.Now}
	s.people = &people{store: s.store, present: "ann", session: "one"}
	s.people.set("ann", "V1", lwa.Owner)
	server, err := lwa.NewServer(lwa.Config{
		Access: s.access, Issuer: issuer, People: s.people, Pages: web.New(nil, beta.Links{}), Key: []byte("a key"),
	})
	s.must(err)
	s.Server = server
	s.edge = httpd.New(s, httpd.Config{Metrics: s.metrics, Log: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	s.client = s.newClient(lwa.Client{Vendor: "V1", Name: "Deployer", Scope: lwa.ScopeWrite, RedirectURIs: []string{callback, "http://127.0.0.1:9090/cb?a=b"}})
	s.machine = s.newClient(lwa.Client{Vendor: "V1", Name: "Nightly", Scope: lwa.ScopeWrite})
	return s
}

func vendorOf(id beta.VendorID) beta.Vendor { return beta.Vendor{ID: id, Name: "Vendor " + string(id)} }

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) newClient(c lwa.Client) credentials {
	s.t.Helper()
	made, secret, err := s.access.CreateClient(s.t.Context(), c)
	s.must(err)
	return credentials{made.ID, secret}
}

// people are those who can sign in; one is there.
type people struct {
	store   *store.Store
	mu      sync.Mutex
	present string
	session string
	err     error
}

func (p *people) set(id string, vendor beta.VendorID, part lwa.Part) {
	ctx, address := context.Background(), id+"@example.com"
	err := p.store.CreatePerson(ctx, signin.Person{ID: id, Email: beta.Email{Given: address, Key: address}})
	if err != nil && !errors.Is(err, signin.ErrTaken) {
		panic(err)
	}
	if _, err := p.store.SaveRole(ctx, id, vendor, part); err != nil {
		panic(err)
	}
}

func (p *people) drop(id string) {
	if err := p.store.RemovePerson(context.Background(), id); err != nil {
		panic(err)
	}
}

func (p *people) SignedIn(r *http.Request) (lwa.Person, string, bool, error) {
	person, found, err := p.Person(r.Context(), p.present)
	return person, p.session, found, err
}

func (p *people) SignIn(w http.ResponseWriter, _ *http.Request, back string) error {
	w.Header().Set("X-Back", back)
	return nil
}

func (p *people) Person(ctx context.Context, id string) (lwa.Person, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return lwa.Person{}, false, p.err
	}
	found, there, err := p.store.Person(ctx, id)
	return lwa.Person{ID: found.ID, Email: found.Email.Given, Roles: found.Roles}, there, err
}

// safeBuffer is a buffer that goroutines may share.
type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// edit changes a request's parameters; nil changes nothing.
type edit func(url.Values)

func set(name, value string) edit { return func(v url.Values) { v.Set(name, value) } }
func add(name, value string) edit { return func(v url.Values) { v.Add(name, value) } }
func del(name string) edit        { return func(v url.Values) { v.Del(name) } }

func values(v url.Values, edits []edit) url.Values {
	for _, e := range edits {
		e(v)
	}
	return v
}

// query is what the client asks for at the authorize page.
func (s *site) query(edits ...edit) url.Values {
	return values(url.Values{
		"response_type": {"code"}, "client_id": {s.client.id}, "redirect_uri": {callback},
		"state": {"s t&te"}, "scope": {lwa.ScopeWrite},
	}, edits)
}

// send passes a request through the edge.
func (s *site) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.edge.ServeHTTP(w, r)
	if w.Code >= 300 && !strings.Contains(w.Header().Get("Location"), "code=") {
		fmt.Fprintln(s.told, w.Header(), w.Body)
	}
	return w
}

func (s *site) open(query url.Values) *httptest.ResponseRecorder {
	return s.send(httptest.NewRequest("GET", issuer+"/ap/oa?"+query.Encode(), nil))
}

// form is a page's form: where it goes, and what stands in it.
type form struct {
	action string
	fields url.Values
}

// formOn reads the form of a page; the first of each radio button is chosen.
func (s *site) formOn(w *httptest.ResponseRecorder) form {
	s.t.Helper()
	page, err := html.Parse(strings.NewReader(w.Body.String()))
	s.must(err)
	f := form{fields: url.Values{"answer": {"allow"}}}
	for n := range page.Descendants() {
		a := map[string]string{}
		for _, attr := range n.Attr {
			a[attr.Key] = attr.Val
		}
		switch {
		case n.Data == "form":
			f.action = a["action"]
		case n.Data == "input" && !f.fields.Has(a["name"]):
			f.fields.Set(a["name"], a["value"])
		}
	}
	if w.Code != 200 || f.action == "" || f.fields.Get("ticket") == "" {
		s.t.Fatalf("no page that asks: %d %v %s", w.Code, w.Header(), w.Body)
	}
	s.tickets = append(s.tickets, f.fields.Get("ticket"))
	return f
}

// press answers on a page, as its browser would.
func (s *site) press(f form, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", issuer+f.action, strings.NewReader(f.fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range change {
		c(r)
	}
	return s.send(r)
}

// allowed asks and lets the client; it returns the parameters it is sent.
func (s *site) allowed(edits ...edit) url.Values {
	s.t.Helper()
	w := s.press(s.formOn(s.open(s.query(edits...))))
	to, err := url.Parse(w.Header().Get("Location"))
	s.must(err)
	if w.Code != http.StatusSeeOther {
		s.t.Fatalf("allowed: got %d %s", w.Code, w.Body)
	}
	return to.Query()
}

func (s *site) code(edits ...edit) string {
	s.t.Helper()
	code := s.allowed(edits...).Get("code")
	if code == "" {
		s.t.Fatal("no code")
	}
	return code
}

// reply is what the token endpoint said.
type reply struct {
	status int
	header http.Header
	body   map[string]any
}

func (r reply) text(name string) string { text, _ := r.body[name].(string); return text }

func (s *site) reply(w *httptest.ResponseRecorder) reply {
	s.t.Helper()
	got := reply{w.Code, w.Header(), nil}
	if err := json.Unmarshal(w.Body.Bytes(), &got.body); err != nil {
		s.t.Errorf("not JSON: %d %s", w.Code, w.Body)
	}
	return got
}

// post sends a form to the token endpoint.
func (s *site) post(v url.Values, change ...func(*http.Request)) reply {
	s.t.Helper()
	r := httptest.NewRequest("POST", issuer+"/auth/o2/token", strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range change {
		c(r)
	}
	return s.reply(s.send(r))
}

func (c credentials) form(grant string, edits ...edit) url.Values {
	return values(url.Values{"grant_type": {grant}, "client_id": {c.id}, "client_secret": {c.secret}}, edits)
}

func (s *site) exchange(code string, edits ...edit) url.Values {
	return values(s.client.form("authorization_code", set("code", code), set("redirect_uri", callback)), edits)
}

// tokens asks for tokens and must get some.
func (s *site) tokens(v url.Values) (access, refresh string) {
	s.t.Helper()
	got := s.post(v)
	access, refresh = got.text("access_token"), got.text("refresh_token")
	if got.status != 200 || access == "" || refresh == "" {
		s.t.Fatalf("tokens: got %+v", got)
	}
	return access, refresh
}

// caller says what a token allows: "V1 write", "V1 read" or "refused".
func (s *site) caller(token string) string {
	s.t.Helper()
	by, err := s.access.Caller(s.t.Context(), http.Header{"Authorization": {"Bearer " + token}})
	switch {
	case err != nil:
		return "refused"
	case by.Write:
		return fmt.Sprintf("%s write", by.Vendor)
	}
	return fmt.Sprintf("%s read", by.Vendor)
}

func (s *site) want(what string, got, want any) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// dump is every row of the database.
func (s *site) dump() string { return storetest.Dump(s.t, storetest.Database(s.t, s.dir)) }

// notStored checks that no row of the database, and none of its files that lie
// here, has one of the secrets.
func (s *site) notStored(secrets []string) {
	s.t.Helper()
	rows := s.dump()
	for _, secret := range secrets {
		if strings.Contains(rows, secret) {
			s.t.Errorf("%q stands in a row", secret)
		}
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "*"))
	s.must(err)
	for _, name := range files {
		text, err := os.ReadFile(name)
		s.must(err)
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				s.t.Errorf("%q stands in %s", secret, filepath.Base(name))
			}
		}
	}
}
