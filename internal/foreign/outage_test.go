package foreign_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/beta"
)

// faults are the ways in which somebody who is asked is not well.
var faults = map[string]answer{
	"500":                    {status: 500, body: `{"error":"server_error"}`},
	"503":                    {status: 503},
	"429":                    {status: 429, body: `{"error":"slow_down"}`},
	"404":                    {status: 404},
	"401 without a reason":   {status: 401},
	"a redirect":             {status: 302, header: http.Header{"Location": {"https://api.amazon.test/evil"}}},
	"a page":                 {status: 200, body: "<html>Please sign in to the network</html>", header: http.Header{"Content-Type": {"text/html"}}},
	"nothing":                {status: 200},
	"half of it":             {status: 200, body: `{"issuer": "https://iss`},
	"a list":                 {status: 200, body: `[]`},
	"more than can be read":  {status: 200, body: `{"keys":[],"x":"` + strings.Repeat("x", 1<<20) + `"}`},
	"what repeats the token": {status: 500, body: "eyJ"},
}

func TestWhoeverCannotBeAskedHasNotSaidNo(t *testing.T) {
	t.Parallel()
	for name, fault := range faults {
		for _, path := range []string{"/.well-known/openid-configuration", "/keys"} {
			s := newSite(t, "owner:V1:sub=subject-1")
			s.issuer.breaks(path, fault)
			s.want(name+" at "+path, s.token(nil), "503")
			s.issuer.heals()
			s.want("after "+name+" at "+path, s.token(nil), "owner of V1")
		}
		for _, path := range []string{"/auth/o2/tokeninfo", "/user/profile"} {
			s := newSite(t, "owner:V1:user_id=amzn1.account.ANN")
			token := s.amazonToken()
			well := s.amazon.said[path]
			s.amazon.said[path] = fault
			s.want(name+" at "+path, token, "503")
			s.amazon.said[path] = well
			s.want("after "+name+" at "+path, token, "owner of V1")
		}
	}
}

func TestADescriptionThatIsNotTheIssuersIsNoDescription(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]object{
		"of another issuer":  {"issuer": "https://other.example"},
		"without keys":       {"jwks_uri": nil},
		"with keys in clear": {"jwks_uri": "http://issuer.example/realm/keys"},
		"with keys nowhere":  {"jwks_uri": "https://nobody.example/keys"},
	} {
		s := newSite(t, "owner:V1:sub=subject-1")
		s.issuer.more = more
		s.want("a description "+name, s.token(nil), "503")
	}
}

func TestSilenceIsWaitedForAFewSecondsAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "owner:V1:sub=subject-1", "owner:V1:user_id=amzn1.account.ANN")
		amazons := s.amazonToken()
		for _, path := range []string{"/.well-known/openid-configuration", "/keys", "/auth/o2/tokeninfo", "/user/profile"} {
			s.issuer.heals()
			token := s.token(nil)
			if strings.HasPrefix(path, "/auth") || strings.HasPrefix(path, "/user") {
				token = amazons
				s.amazon.said[path] = hang
			}
			s.issuer.breaks(path, hang)
			began := time.Now()
			s.want("silence at "+path, token, "503")
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("silence at %s: the answer took %v", path, took)
			}
		}
	})
}

func TestATokenOnceFoundGoodStaysGoodForItsMinuteWhileNobodyCanBeAsked(t *testing.T) {
	t.Parallel()
	s := newSite(t, "owner:V1:sub=subject-1", "viewer:V1:user_id=amzn1.account.ANN")
	jwt, amazons := s.token(nil), s.amazonToken()
	s.want("at first", jwt, "owner of V1")
	s.want("at first", amazons, "viewer of V1")
	asked := s.issuer.total() + s.amazon.count()
	s.issuer.breaks("*", answer{status: 500})
	s.amazon.says("/auth/o2/tokeninfo", 500, "")
	s.clock.Advance(time.Minute - time.Millisecond)
	s.want("within the minute", jwt, "owner of V1")
	s.want("within the minute", amazons, "viewer of V1")
	if got := s.issuer.total() + s.amazon.count(); got != asked {
		t.Errorf("they were asked %d times within the minute, want %d", got, asked)
	}
	s.clock.Advance(time.Millisecond)
	s.want("after the minute", jwt, "503")
	s.want("after the minute", amazons, "503")
	s.issuer.heals()
	s.want("once they are back", jwt, "owner of V1")
}

func TestNoTokenIsGoodPastItsOwnEnd(t *testing.T) {
	t.Parallel()
	s := newSite(t, "owner:V1:sub=subject-1", "viewer:V1:user_id=amzn1.account.ANN")
	jwt := s.token(object{"exp": s.clock.Now().Add(10 * time.Second).Unix()})
	amazons := s.amazonToken()
	s.amazon.says("/auth/o2/tokeninfo", 200, `{"aud":"client.one","user_id":"amzn1.account.ANN","exp":10}`)
	s.want("at first", jwt, "owner of V1")
	s.want("at first", amazons, "viewer of V1")
	s.clock.Advance(9 * time.Second)
	s.want("before its end", jwt, "owner of V1")
	s.want("before its end", amazons, "viewer of V1")
	s.amazon.says("/auth/o2/tokeninfo", 400, `{"error":"invalid_token"}`)
	s.clock.Advance(time.Second)
	s.want("at its end", jwt, "401")
	s.want("at its end", amazons, "401")
}

func TestWhatWasRefusedIsAskedAboutAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, "viewer:V1:user_id=amzn1.account.ANN")
	token := s.amazonToken()
	s.amazon.says("/auth/o2/tokeninfo", 400, `{"error":"invalid_token"}`)
	s.want("at first", token, "401")
	if got := s.judge.Remembered(); got != 0 {
		t.Errorf("%d refused tokens are remembered", got)
	}
	s.amazonToken()
	s.want("then", token, "viewer of V1")
	if got := s.judge.Remembered(); got != 1 {
		t.Errorf("%d good tokens are remembered, want one", got)
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for n := range 10_000 {
		s.judge.Remember(n, time.Hour)
		if n == 100 {
			s.clock.Advance(time.Minute)
		}
	}
	s.judge.Remember(10_000, time.Hour)
	if got := s.judge.Remembered(); got != 10_000-100 {
		t.Errorf("%d are remembered, want those alone that hold", got)
	}
	for n := range 200 {
		s.judge.Remember(20_000+n, time.Hour)
	}
	if got := s.judge.Remembered(); got != 10_000 {
		t.Errorf("%d are remembered, want the most", got)
	}
}

func TestThoseWhoBringOneTokenTogetherWaitForOneAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "viewer:V1:user_id=amzn1.account.ANN")
		token := s.amazonToken()
		well := s.amazon.said["/auth/o2/tokeninfo"]
		s.amazon.said["/auth/o2/tokeninfo"] = hang
		ctx, leave := context.WithCancel(t.Context())
		outcomes := make(chan error, 6)
		ask := func(ctx context.Context, token string) {
			go func() {
				_, err := s.judge.Guest(ctx, token)
				outcomes <- err
			}()
			synctest.Wait()
		}
		ask(ctx, token)
		for range 3 {
			ask(t.Context(), token)
		}
		ask(t.Context(), token+"x") // the fifth, where four may wait
		var e *beta.Error
		if err := <-outcomes; !errors.As(err, &e) || e.Kind != beta.Unavailable || e.Retry == 0 {
			t.Errorf("one too many: got %v, want to be told to come again", err)
		}
		leave()
		if err := <-outcomes; !errors.Is(err, context.Canceled) {
			t.Errorf("who left: got %v", err)
		}
		for range 3 {
			if err := <-outcomes; !errors.As(err, &e) || e.Kind != beta.Unavailable {
				t.Errorf("who waited for silence: got %v", err)
			}
		}
		if got := s.amazon.count(); got != 1 {
			t.Errorf("Amazon was asked %d times, want once", got)
		}
		s.amazon.said["/auth/o2/tokeninfo"] = well
		s.want("afterwards", token, "viewer of V1")
	})
}

func TestNobodyMakesUsAskWithoutEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // in which no time passes
		s := newSite(t, "viewer:V1:user_id=amzn1.account.ANN")
		s.amazonToken()
		s.amazon.says("/auth/o2/tokeninfo", 400, `{"error":"invalid_token"}`)
		refused, spared := 0, 0
		for range 150 {
			switch s.outcome("Atza|" + strings.Repeat("y", 300) + time.Now().String()[:4] + strings.Repeat("z", refused+spared)) {
			case "401":
				refused++
			case "503":
				spared++
			}
		}
		if refused != 100 || spared != 50 || s.amazon.count() != 100 {
			t.Errorf("of 150 made up tokens %d were refused and %d spared, after %d questions; want 100, 50, 100", refused, spared, s.amazon.count())
		}
		time.Sleep(time.Second)
		s.want("a second later", "Atza|"+strings.Repeat("w", 400), "401")
	})
}

func TestWhoeverMakesUpTokensKeepsNoGoodOneOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, "owner:V1:groups=beta")
		s.want("before", s.token(nil), "owner of V1")
		flood := func() {
			for range 100 {
				s.outcome(s.issuer.sign(object{"kid": "made up"}, s.said(nil)))
			}
		}
		flood()
		if got := s.issuer.count("/keys"); got != 10 {
			t.Errorf("the keys were asked for %d times, want ten times", got)
		}
		s.want("meanwhile", s.token(nil), "owner of V1")
		time.Sleep(time.Second)
		s.clock.Advance(time.Minute) // all is asked anew
		flood()
		s.want("after a minute", s.token(nil), "owner of V1")
		s.gives(s.issuer.sign(nil, s.identity(nil)))
		if got := s.vouched(); got != "ann@example.com" {
			t.Errorf("signing in meanwhile: got %s", got)
		}
	})
}

func TestPeopleWhoWaitTakePlacesToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.issuer.breaks("*", hang)
		for range 4 {
			go s.oidc.Ask(t.Context(), once)
		}
		synctest.Wait()
		if got := s.vouched(); got != "503" {
			t.Errorf("the fifth: got %s, want 503", got)
		}
		if _, err := s.oidc.Ask(t.Context(), once); err == nil || !strings.Contains(err.Error(), "Too many") {
			t.Errorf("the fifth: got %v, want to be told to come again", err)
		}
		began := time.Now()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		s.issuer.heals()
		if _, err := s.oidc.Ask(t.Context(), once); err != nil {
			t.Errorf("%v later: %v", time.Since(began), err)
		}
	})
}
