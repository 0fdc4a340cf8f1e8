package signin_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/mail"
)

func TestACodeSignsInTheBrowserThatAskedAndNoOther(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b, thief := s.browser(), s.browser()
	b.asks("ann@EXAMPLE.com")
	s.want("the outbox was woken", s.woken, 1)
	l := s.letter()
	s.want("to", l.To.Given, "Ann@example.com")
	s.want("language", l.Language, beta.Language("de"))
	thief.types(l.Code)
	thief.asks("eve@example.com")
	thief.types(l.Code)
	s.want("who has the code alone", thief.who(), "")
	s.want("before", b.who(), "")
	w := b.types(l.Code)
	s.want("goes back to", w.Header().Get("Location"), back)
	s.want("after", b.who(), "Ann@example.com")
	s.want("code once more", b.types(l.Code).Code, http.StatusOK)
	s.want("with the cookie that was used", len(b.cookies), 1)
}

func TestACodeWorksOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	b.asks("ann@example.com")
	ask := b.cookies["__Host-tryout-ask"]
	code := s.letter().Code
	b.types(code)
	again := s.browser()
	again.cookies[ask.Name] = ask
	w := again.types(code)
	s.want("signed in again", again.who(), "")
	if !strings.Contains(w.Body.String(), "Ask for a new code") {
		t.Errorf("a used code: got %s", w.Body)
	}
}

func TestACodeLivesTenMinutesFromWhenItWasWritten(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]string{10*time.Minute - time.Millisecond: "Ann@example.com", 10 * time.Minute: ""} {
		s := newSite(t)
		b := s.browser()
		b.asks("ann@example.com")
		s.clock.Advance(40 * time.Minute) // the relay was away
		code := s.letter().Code
		s.clock.Advance(wait)
		b.types(code)
		s.want(wait.String(), b.who(), want)
	}
}

func TestACodeThatWasNeverWrittenDoesNotWork(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	b.asks("ann@example.com")
	m := s.mails()[0]
	s.want("code of its own", b.types(s.CodeOf(m.ID.Test)).Code, http.StatusBadRequest)
	s.want("who", b.who(), "")
}

func TestAMailThatIsSentAgainHasTheSameCode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	b.asks("ann@example.com")
	first := s.letter()
	s.clock.Advance(9 * time.Minute) // its claim has lapsed
	second := s.letter()
	s.want("code", second.Code, first.Code)
	s.clock.Advance(9 * time.Minute)
	b.types(first.Code)
	s.want("who", b.who(), "Ann@example.com")
	b.asks("ann@example.com")
	if got := s.letter().Code; got == first.Code {
		t.Errorf("another mail has the same code %s", got)
	}
}

func TestFiveTriesAreAllThereAre(t *testing.T) {
	t.Parallel()
	for wrong, want := range map[int]string{4: "Ann@example.com", 5: ""} {
		s := newSite(t)
		b := s.browser()
		b.asks("ann@example.com")
		code := s.letter().Code
		for range wrong {
			b.types(another(code))
		}
		b.types(code)
		s.want("who", b.who(), want)
	}
}

// another returns a code that is not that one.
func another(code string) string {
	last := (code[len(code)-1]-'0'+1)%10 + '0'
	return code[:len(code)-1] + string(last)
}

func TestWhoAsksAnewIsStillLedBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	b.asks("typo@example.com")
	for range 6 {
		for _, w := range []*httptest.ResponseRecorder{b.send("GET", "/sign-in/code", nil), b.types("1")} {
			if !strings.Contains(w.Body.String(), `href="/ap/oa?client_id=c&amp;state=x"`) {
				t.Errorf("the page does not lead back to where it began: %s", w.Body)
			}
		}
	}
}

func TestAMailNobodyWaitsForIsNotSent(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*browser){
		"an hour later": func(b *browser) { b.clock.Advance(time.Hour) },
		"removed":       func(b *browser) { b.must(b.Remove(b.t.Context(), address(b.t, "ann@example.com"))) },
	} {
		s := newSite(t)
		b := s.browser()
		b.asks("ann@example.com")
		m := s.mails()[0]
		spoil(b)
		if _, wanted, err := s.Letter(t.Context(), m); err != nil || wanted {
			t.Errorf("%s: wanted %v, error %v", name, wanted, err)
		}
	}
}

func TestTheLinkChangesNothingAndFillsInTheCode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	b.asks("ann@example.com")
	l := s.letter()
	link, ours := strings.CutPrefix(l.Link, home)
	s.want("the link is ours", ours, true)
	scanner := s.browser()
	for range 10 {
		scanner.send("GET", link, nil)
		scanner.send("HEAD", link, nil)
		b.send("GET", link, nil)
	}
	s.want("the scanner", scanner.who(), "")
	s.want("who opened it", b.who(), "")
	w := b.send("GET", link, nil)
	if code := strings.ReplaceAll(l.Code, " ", ""); !strings.Contains(w.Body.String(), `value="`+code+`"`) {
		t.Errorf("the code is not filled in: %s", w.Body)
	}
	if w := scanner.send("GET", link, nil); !strings.Contains(w.Body.String(), "browser in which you asked") {
		t.Errorf("another browser is not told where to go: %s", w.Body)
	}
	b.types(l.Code)
	s.want("who pressed the button", b.who(), "Ann@example.com")
}

func TestSessionsEndByTheClockBySigningOutAndWithThePerson(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*browser){
		"after twelve hours": func(b *browser) { b.clock.Advance(12 * time.Hour) },
		"signed out":         func(b *browser) { b.send("POST", "/sign-out", url.Values{}) },
		"removed":            func(b *browser) { b.must(b.Remove(b.t.Context(), address(b.t, "ann@example.com"))) },
		"signed in anew":     func(b *browser) { b.signsIn() },
	} {
		s := newSite(t)
		b := s.browser()
		b.signsIn()
		s.clock.Advance(time.Hour)
		s.want(name+": before", b.who(), "Ann@example.com")
		kept := s.browser()
		for n, c := range b.cookies {
			kept.cookies[n] = c // as a thief would
		}
		end(b)
		s.want(name+": the old cookie", kept.who(), "")
	}
}

func TestRolesAreAsTheyAreNow(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	b.signsIn()
	s.must(s.Grant(t.Context(), address(t, "ann@example.com"), "V1", lwa.Viewer))
	if w := b.send("GET", "/sign-in", nil); !strings.Contains(w.Body.String(), "viewer: read everything") {
		t.Errorf("the page of who is signed in: %s", w.Body)
	}
	s.must(s.Revoke(t.Context(), address(t, "ann@example.com"), "V1"))
	if w := b.send("GET", "/sign-in", nil); !strings.Contains(w.Body.String(), "no part in any vendor") {
		t.Errorf("the page of who is signed in: %s", w.Body)
	}
}

func TestTheMessageNamesNoTest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.browser().asks("ann@example.com")
	l := s.letter()
	w, err := mail.NewWriter("beta@example.com", "example.com")
	s.must(err)
	m, err := w.Write(l, s.clock.Now())
	s.must(err)
	if !strings.Contains(string(m.Data), l.Code) || strings.Contains(string(m.Data), "Unsubscribe") {
		t.Errorf("the message: %s", m.Data)
	}
}
