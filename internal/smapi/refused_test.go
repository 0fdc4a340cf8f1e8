package smapi_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

// both runs a test on each database.
func both(t *testing.T, test func(*testing.T, *site)) {
	for name, open := range map[string]func(testing.TB, func() time.Time) *store.Store{"SQLite": storetest.Open, "PostgreSQL": storetest.OpenPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newSiteOn(t, open))
		})
	}
}

// Who may do nothing stands in nobody's way, and nobody in theirs: while a change
// holds a test, they are refused at once.
func TestWhoMayDoNothingWaitsForNobody(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *site) {
		s.running()
		readOnly, others := s.issue("A", lwa.ScopeRead), s.issue("B", lwa.ScopeWrite)
		held, released, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		release := sync.OnceFunc(func() { close(released) })
		defer release()
		go func() {
			ended <- s.store.Update(context.Background(), func(tx beta.Tx) error {
				_, _, err := tx.LockTest(skill)
				held <- struct{}{}
				<-released
				return err
			})
		}()
		<-held
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for _, c := range []struct {
			token, path string
			want        int
		}{
			{readOnly, testers + "/add", http.StatusForbidden},
			{others, testers + "/add", http.StatusUnauthorized},
			{readOnly, test + "/start", http.StatusForbidden},
			{others, test + "/end", http.StatusUnauthorized},
			{others, test, http.StatusUnauthorized},
			{s.token, strings.Replace(testers, skill, "absent", 1) + "/add", http.StatusNotFound},
		} {
			r, err := http.NewRequestWithContext(ctx, "POST", s.URL+c.path, strings.NewReader(addresses("ann@x.test")))
			s.must(err)
			r.Header.Set("Authorization", "Bearer "+c.token)
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatalf("%s: %v", c.path, err)
			}
			answer.Body.Close()
			if answer.StatusCode != c.want {
				t.Errorf("%s: status %d, want %d", c.path, answer.StatusCode, c.want)
			}
		}
		release()
		s.must(<-ended)
	})
}

// A token that ended while the body was on its way changes nothing.
func TestATokenRevokedWhileTheBodyComesChangesNothing(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *site) {
		s.running()
		token := s.issue("A", lwa.ScopeWrite)
		s.expect(http.StatusOK, "GET", testers, "", as(token))
		body, rest := io.Pipe()
		waited := make(chan struct{})
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(waited) }})
		r, err := http.NewRequestWithContext(ctx, "POST", s.URL+testers+"/add", body)
		s.must(err)
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Expect", "100-continue")
		status := make(chan int)
		go func() {
			answer, err := (&http.Transport{ExpectContinueTimeout: time.Minute}).RoundTrip(r)
			if err != nil {
				status <- 0
				return
			}
			answer.Body.Close()
			status <- answer.StatusCode
		}()
		<-waited // for the body: who calls was looked at
		_, err = s.access.Revoke(t.Context(), token)
		s.must(err)
		_, err = io.WriteString(rest, addresses("late@x.test"))
		s.must(err)
		s.must(rest.Close())
		if got := <-status; got != http.StatusUnauthorized {
			t.Errorf("status %d, want 401", got)
		}
		if list := s.expect(http.StatusOK, "GET", testers, ""); strings.Contains(fmt.Sprint(list), "late@x.test") {
			t.Errorf("the list says %v", list)
		}
	})
}

// A file that is read slowly ends where its reader's token does.
func TestARevokedTokenReadsNoFurther(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var emails []string
	for i := range 26 {
		emails = append(emails, fmt.Sprintf("tester-%02d@x.test", i))
	}
	s.running(emails...)
	for _, e := range emails {
		for i := range 20 {
			_, err := s.service.Write(t.Context(), s.tester(e).Link(), beta.Feedback{Kind: beta.Opinion, Rating: 5, Text: fmt.Sprint(i)}, "")
			s.must(err)
		}
	}
	token := s.issue("A", lwa.ScopeRead)
	r := httptest.NewRequest("GET", "/x/v1/skills/"+skill+"/feedback?format=csv", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := &slow{ResponseRecorder: httptest.NewRecorder(), meanwhile: func() { s.access.Revoke(context.Background(), token) }}
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("got %v, want the answer cut", p)
		}
		if rows := strings.Count(w.Body.String(), "\n"); rows > 501 {
			t.Errorf("%d lines were sent", rows)
		}
	}()
	s.api.ServeHTTP(w, r)
	t.Error("the whole file was sent")
}

// slow is a reader during whose first read something happens.
type slow struct {
	*httptest.ResponseRecorder
	meanwhile func()
	happened  bool
}

func (w *slow) Write(b []byte) (int, error) {
	if !w.happened {
		w.happened = true
		w.meanwhile()
	}
	return w.ResponseRecorder.Write(b)
}
