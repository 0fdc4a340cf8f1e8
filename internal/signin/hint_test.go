package signin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/signin"
	"tryout/internal/storetest"
)

// said is everything that an answer shows, but what differs each time.
func said(w *httptest.ResponseRecorder) string {
	h := w.Header().Clone()
	h.Del("X-Amzn-Requestid")
	h.Del("Date")
	cookies := ""
	for _, c := range w.Result().Cookies() {
		c.Value, c.Raw = fmt.Sprint(len(c.Value)), ""
		cookies += c.String()
	}
	h.Del("Set-Cookie")
	return fmt.Sprintln(w.Code, h, cookies, w.Body)
}

func TestNoAnswerTellsWhetherAnAddressIsKnown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	known, unknown := s.browser(), s.browser()
	same := func(what string, a, b *httptest.ResponseRecorder) {
		t.Helper()
		if said(a) != said(b) {
			t.Errorf("%s: of a known address\n%s\nof an unknown one\n%s", what, said(a), said(b))
		}
	}
	ask := func(b *browser, email string) *httptest.ResponseRecorder {
		return b.send("POST", "/sign-in", url.Values{"email": {email}, "back": {back}})
	}
	same("asking", ask(known, "ann@example.com"), ask(unknown, "eve@example.com"))
	for _, m := range s.mails() {
		_, wanted, err := s.Letter(t.Context(), m)
		s.must(err)
		s.want(m.To.Key, wanted, m.To.Key == "ann@example.com")
	}
	same("the page of the code", known.send("GET", "/sign-in/code", nil), unknown.send("GET", "/sign-in/code", nil))
	for range 6 {
		same("a wrong code", known.types("x"), unknown.types("x"))
	}
	s.clock.Advance(2 * time.Hour)
	same("a code too late", known.types("x"), unknown.types("x"))
	for range 5 {
		same("asking too often", ask(known, "ann@example.com"), ask(unknown, "eve@example.com"))
	}
	same("a way of writing it", ask(known, " ANN@Example.com"), ask(unknown, " EVE@Example.com"))
}

// watched is a store that notes what is asked of it.
type watched struct {
	signin.Store
	asked []string
}

func (w *watched) Ask(ctx context.Context, d lwa.Digest, s signin.SignIn, m beta.Mail) error {
	w.asked = append(w.asked, "ask")
	return w.Store.Ask(ctx, d, s, m)
}

func (w *watched) People(ctx context.Context) ([]signin.Person, error) {
	w.asked = append(w.asked, "people")
	return w.Store.People(ctx)
}

func (w *watched) PersonOf(ctx context.Context, e beta.Email) (signin.Person, bool, error) {
	w.asked = append(w.asked, "person")
	return w.Store.PersonOf(ctx, e)
}

func TestAskingLooksNobodyUp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	w := &watched{Store: s.store}
	s.Server.Store = w
	for _, name := range []string{"ann", "eve"} {
		s.browser().asks(name + "@example.com")
	}
	s.want("asked of the store", strings.Join(w.asked, " "), "ask ask")
	s.want("the outbox was woken", s.woken, 2)
}

// The same is done for both, so a known address takes as long as two that are
// nobody's. They take turns in going first; the quickest tenth tells, because
// a machine that does other things besides makes the rest slower at will.
func TestNoTimeTellsWhetherAnAddressIsKnown(t *testing.T) {
	s := newSite(t)
	times := map[string][]time.Duration{}
	who := []string{"ann", "bob", "eve"}
	for range 300 {
		who = append(who[1:], who[0])
		for _, name := range who {
			s.restart() // the limits count by a clock of their own
			b := s.browser()
			began := time.Now()
			b.asks(name + "@example.com")
			times[name] = append(times[name], time.Since(began))
		}
	}
	quick := func(name string) time.Duration {
		slices.Sort(times[name])
		return times[name][len(times[name])/10]
	}
	known, nobody, neither := quick("ann"), quick("bob"), quick("eve")
	t.Logf("the quickest tenth takes up to %v for a known address, %v and %v for unknown ones", known, nobody, neither)
	if gap := (known - nobody).Abs(); gap > 3*(nobody-neither).Abs()+nobody/4 {
		t.Errorf("a known address takes %v, unknown ones %v and %v", known, nobody, neither)
	}
}

func TestAskingIsLimitedByAddressAndByNetwork(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ask := func(from, email string) *httptest.ResponseRecorder {
		b := s.browser()
		b.from = from
		return b.send("POST", "/sign-in", url.Values{"email": {email}})
	}
	for i := range 6 {
		w := ask(fmt.Sprintf("192.0.2.%d:1", i), "ann@example.com")
		want := map[bool]int{true: http.StatusSeeOther, false: http.StatusTooManyRequests}[i < 5]
		if w.Code != want || (w.Header().Get("Retry-After") != "") != (i == 5) {
			t.Errorf("mail %d to one address: got %d %v, want %d", i+1, w.Code, w.Header(), want)
		}
	}
	s.want("mails", len(s.mails()), 5)
	for i := range 31 {
		w := ask(fmt.Sprintf("[2001:db8::%x]:1", i), fmt.Sprintf("u%d@example.com", i))
		if want := i < 30; (w.Code == http.StatusSeeOther) != want {
			t.Errorf("ask %d from one network: got %d, want it let in: %v", i+1, w.Code, want)
		}
	}
	s.want("from another", ask("[2001:db8:0:1::]:1", "v@example.com").Code, http.StatusSeeOther)
}

func TestGuessingIsLimitedByNetwork(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	b.asks("ann@example.com")
	for range 60 {
		if w := b.types("1"); w.Code == http.StatusTooManyRequests {
			t.Fatal("limited before 60 guesses")
		}
	}
	s.want("the 61st guess", b.types("1").Code, http.StatusTooManyRequests)
}

func TestNothingSecretIsStoredOrLogged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	b.asks("ann@example.com")
	ask := b.cookies["__Host-tryout-ask"].Value
	l := s.letter()
	b.send("GET", strings.TrimPrefix(l.Link, home), nil)
	b.types(another(l.Code))
	b.types(l.Code)
	session := b.cookies["__Host-tryout-session"].Value
	code := strings.ReplaceAll(l.Code, " ", "")
	gathered, err := prometheus.Gatherer(s.metrics).Gather()
	s.must(err)
	places := map[string]string{"the log": s.log.String(), "the metrics": fmt.Sprint(gathered), "the rows": storetest.Dump(t, storetest.Database(t, s.dir))}
	files, err := filepath.Glob(filepath.Join(s.dir, "*"))
	s.must(err)
	for _, name := range files {
		text, err := os.ReadFile(name)
		s.must(err)
		places[name] = string(text)
	}
	for place, text := range places {
		for what, secret := range map[string]string{"what the browser holds": ask, "the session": session, "the code": code} {
			if strings.Contains(text, secret) {
				t.Errorf("%s stands in %s", what, place)
			}
		}
	}
	if strings.Contains(strings.ToLower(s.log.String()), "ann@example.com") {
		t.Error("the address stands in the log")
	}
}
