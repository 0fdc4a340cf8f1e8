package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tryout/internal/mailtest"
)

func TestDemoShowsTheCodeToSignInInItsInbox(t *testing.T) {
	t.Parallel()
	d := startDemo(t, newcomer(t))
	b := newBrowser(t)
	b.open(t, d.lines[5])
	if b.heading() != "Sign in" {
		t.Fatalf("the demo's line leads to %q", b.heading())
	}
	b.submit(t, "/sign-in", url.Values{"email": {demoPerson}})
	post := newBrowser(t)
	until(t, "mail in the inbox", func() bool {
		post.open(t, d.lines[1])
		return !post.has("No mail yet")
	})
	post.follow(t, regexp.MustCompile(`^\d+$`))
	message := post.source(t)
	mailtest.New(t).See([]string{demoPerson}, message)
	b.submit(t, "/sign-in/code", url.Values{"code": {regexp.MustCompile(`\d{4} \d{4}`).FindString(string(message))}})
	if b.heading() != "You are signed in" || !b.has(demoPerson) || !b.has("owner") {
		t.Errorf("after the code: %s", b.text)
	}
	b.press(t, "Sign out")
	if b.heading() != "Sign in" {
		t.Errorf("after signing out: %s", b.text)
	}
	d.interrupt(t)
}

// submit posts a form of the page that is open.
func (b *browser) submit(t *testing.T, path string, form url.Values) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.resolve(t, path), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", b.at.Scheme+"://"+b.at.Host)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.do(t, req)
}

func TestWhoSignedInStaysErasedWhenAnOlderDatabaseIsRestored(t *testing.T) {
	t.Parallel()
	needsFiles(t)
	s := newSite(t, openInbox(t).Addr().String())
	s.operate("user", "create", "--email", "ann@x.test")
	s.operate("user", "grant", "ann@x.test", "--vendor", "V1", "--role", "owner")
	db := filepath.Join(s.home.data, "tryout.db")
	backup, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	s.operate("user", "remove", "ann@x.test")
	s.operate("forget", "ann@x.test")
	if err := os.WriteFile(db, backup, 0o600); err != nil {
		t.Fatal(err)
	}
	p := s.serve()
	if got := p.beside("user", "list"); len(got["people"].([]any)) != 0 {
		t.Errorf("after the restore there are %v", got)
	}
}
