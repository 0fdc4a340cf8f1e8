package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

// twin is one of two replicas on one PostgreSQL, that sends no mail by itself.
type twin struct {
	*program
	t     *testing.T
	token string
}

// newTwins have the vendor V1, the skill hush and a token.
func newTwins(t *testing.T, change ...func(*settings)) (twins [2]*twin) {
	t.Helper()
	site := newSiteOn(t, postgresHome(t), "")
	s := settings{listen: "127.0.0.1:0", home: site.home, publicURL: "https://try.example", mailFrom: "beta@tryout.test", maxInFlight: 64}
	s.rules = beta.Rules{Cap: 1000, Life: time.Hour}
	for _, c := range change {
		c(&s)
	}
	for i := range twins {
		p, err := build(t.Context(), s, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			p.public.Serve(stopped()) // which drains and closes
			p.close()
		})
		twins[i] = &twin{p, t, site.token}
	}
	return twins
}

func postgresHome(t *testing.T) home {
	t.Helper()
	return home{postgres: storetest.NewPostgres(t), master: make([]byte, store.KeySize)}
}

// ask asks this replica, without a network between.
func (w *twin) ask(method, path, body string) (status int, answer string) {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+w.token)
	if strings.HasPrefix(path, "/v1/") {
		r.Header.Set("Content-Type", "application/json")
	}
	a := httptest.NewRecorder()
	w.edge.ServeHTTP(a, r)
	return a.Code, a.Body.String()
}

// want asks and wants a status.
func (w *twin) want(status int, method, path, body string) string {
	w.t.Helper()
	got, answer := w.ask(method, path, body)
	if got != status {
		w.t.Errorf("%s %s: got %d %s, want %d", method, path, got, answer, status)
	}
	return answer
}

// must is want for what everything after it depends on.
func (w *twin) must(status int, method, path, body string) string {
	w.t.Helper()
	answer := w.want(status, method, path, body)
	if w.t.Failed() {
		w.t.FailNow()
	}
	return answer
}

func (w *twin) wantEntitled(address string, want bool) {
	w.t.Helper()
	got := w.must(200, "GET", entitlement(address), "")
	if got != fmt.Sprintf(`{"entitled":%t}`, want) {
		w.t.Fatalf("%s: %s, want %t", address, got, want)
	}
}

func entitlement(address string) string { return "/x/v1/skills/" + hush + "/entitlements/" + address }

// link returns the path of the page of somebody who is in the test.
func (w *twin) link(address string) string {
	w.t.Helper()
	link := w.linkOf(hush, address)
	if link == "" {
		w.t.Fatalf("%s is not in the test", address)
	}
	return link
}

// linkOf is link for any skill; empty for somebody who is not in its test.
func (w *twin) linkOf(skill beta.SkillID, address string) (link string) {
	w.t.Helper()
	links, _, err := w.keys(w.t.Context())
	if err == nil {
		err = w.store.View(w.t.Context(), func(r beta.Reader) error {
			_, test, err := r.SkillTest(skill)
			if err != nil {
				return err
			}
			tester, found, err := r.Tester(test.ID, address)
			if found {
				link = "/i/" + links.Text(beta.InvitationPlace, tester.Link())
			}
			return err
		})
	}
	if err != nil {
		w.t.Error(err)
	}
	return link
}

func TestWhatOneReplicaAcknowledgedHoldsOnTheOtherAtOnce(t *testing.T) {
	t.Parallel()
	twins := newTwins(t)
	twins[0].must(201, "POST", tests, "{}")
	twins[1].must(202, "POST", tests+"/start", "")
	for n := range 20 {
		here, there := twins[n%2], twins[(n+1)%2]
		address := fmt.Sprintf("t%d@x.test", n)
		here.must(204, "POST", tests+"/testers/add", addBody(address))
		there.wantEntitled(address, false)
		link := there.link(address)
		here.must(303, "POST", link+"/accept", "")
		there.wantEntitled(address, true)
		here.must(204, "POST", tests+"/testers/remove", addBody(address))
		there.wantEntitled(address, false)
		if status, _ := there.ask("POST", link+"/accept", ""); status < 400 {
			t.Fatalf("accepted with %d after the removal", status)
		}
	}
	twins[0].must(204, "POST", tests+"/testers/add", addBody("last@x.test"))
	twins[0].must(303, "POST", twins[0].link("last@x.test")+"/accept", "")
	twins[1].must(202, "POST", tests+"/end", "")
	twins[0].wantEntitled("last@x.test", false)
	twins[0].must(409, "POST", tests+"/testers/add", addBody("late@x.test"))
}

func TestTokensOfAPageAreGoodOnEveryReplica(t *testing.T) {
	t.Parallel()
	twins := newTwins(t)
	twins[0].must(201, "POST", tests, "{}")
	twins[0].must(204, "POST", tests+"/testers/add", `{"testers":[{"emailId":"a@x.test"},{"emailId":"b@x.test"}]}`)
	var page struct{ NextToken string }
	if err := json.Unmarshal([]byte(twins[0].must(200, "GET", tests+"/testers?maxResults=1", "")), &page); err != nil {
		t.Fatal(err)
	}
	rest := twins[1].must(200, "GET", tests+"/testers?maxResults=1&nextToken="+page.NextToken, "")
	if !strings.Contains(rest, "b@x.test") || strings.Contains(rest, "a@x.test") {
		t.Errorf("the other replica goes on with %s, want b@x.test", rest)
	}
}

func TestATokenRevokedOnOneReplicaIsDeadOnTheOtherAtOnce(t *testing.T) {
	t.Parallel()
	twins := newTwins(t)
	for n := range 20 {
		here, there := twins[n%2], twins[(n+1)%2]
		token, err := here.access.Issue(t.Context(), "V1", lwa.ScopeWrite, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		there.token = token
		there.must(200, "GET", "/v1/vendors", "")
		if found, err := here.access.Revoke(t.Context(), token); err != nil || !found {
			t.Fatal(found, err)
		}
		there.must(http.StatusUnauthorized, "GET", "/v1/vendors", "")
	}
}

type granted struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// grant posts to the token endpoint.
func (w *twin) grant(form url.Values) (status int, answer granted) {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), "POST", "/auth/o2/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a := httptest.NewRecorder()
	w.edge.ServeHTTP(a, r)
	if err := json.Unmarshal(a.Body.Bytes(), &answer); err != nil {
		w.t.Fatalf("%d %s: %v", a.Code, a.Body, err)
	}
	return a.Code, answer
}

func TestWhatAClientGotAtOneReplicaIsGoodAtTheOtherUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	twins := newTwins(t)
	for n := range 5 {
		here, there := twins[n%2], twins[(n+1)%2]
		client, secret, err := here.access.CreateClient(t.Context(), lwa.Client{Vendor: "V1", Name: "CI", Scope: lwa.ScopeWrite})
		if err != nil {
			t.Fatal(err)
		}
		proof := url.Values{"client_id": {client.ID}, "client_secret": {secret}, "grant_type": {"client_credentials"}}
		status, first := there.grant(proof)
		if status != 200 {
			t.Fatalf("the other replica answers %d to the client", status)
		}
		here.token = first.Access
		here.must(200, "GET", "/v1/vendors", "")
		if first.Refresh != "" {
			proof.Set("grant_type", "refresh_token")
			proof.Set("refresh_token", first.Refresh)
		}
		status, second := here.grant(proof)
		if status != 200 {
			t.Fatalf("the refresh is answered with %d", status)
		}
		there.token = second.Access
		there.must(200, "GET", "/v1/vendors", "")
		if err := here.access.RevokeClient(t.Context(), client.ID); err != nil {
			t.Fatal(err)
		}
		there.must(http.StatusUnauthorized, "GET", "/v1/vendors", "")
		if status, _ := there.grant(proof); status == 200 {
			t.Fatal("a revoked client got a token at the other replica")
		}
	}
}
