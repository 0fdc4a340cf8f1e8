package beta_test

import (
	"testing"

	"tryout/internal/beta"
)

func TestALanguageIsATagAsBCP47WritesIt(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"", "de", "de-AT", "fil", "zh-Hant", "zh-Hant-TW"} {
		if l, err := beta.ParseLanguage(good); err != nil || string(l) != good {
			t.Errorf("%q: got %q, %v", good, l, err)
		}
	}
	for _, bad := range []string{"d", "DE", "de-at", "de_AT", "de-", "-AT", "german", "de-AT-AT", "de\n", " de", "../de", "de-AT\r\nBcc: x", "dé"} {
		if l, err := beta.ParseLanguage(bad); err == nil {
			t.Errorf("%q: got %q, want an error", bad, l)
		}
	}
	for l, want := range map[beta.Language]beta.Language{"zh-Hant-TW": "zh-Hant", "zh-Hant": "zh", "zh": "", "": ""} {
		if got := l.Base(); got != want {
			t.Errorf("base of %q: got %q, want %q", l, got, want)
		}
	}
}

// The language of a letter is its recipient's, else the test's, also of the
// letter that says that they were removed.
func TestALetterIsInTheRecipientsLanguage(t *testing.T) {
	t.Parallel()
	w := newRunning(t)
	w.ok(w.SetLanguage(w.ctx, owner, skill, "fr"))
	const b = "b@example.com"
	w.done(w.AddTestersWith(w.ctx, owner, skill, emails(a, b), beta.Adding{Languages: map[string]beta.Language{a: "de"}}))
	want := map[string]beta.Language{a: "de", b: "fr"}
	for _, step := range []func(){func() {}, func() { w.clock.Advance(day); w.remind(a, b) }, func() { w.remove(a, b) }} {
		step()
		letters := 0
		for _, m := range w.claim() {
			l, wanted, err := w.Letter(w.ctx, m)
			w.ok(err)
			if letters++; l.Language != want[m.To.Key] || !wanted {
				t.Errorf("%s to %s: got %q, wanted %v, want %q", m.Kind, m.To.Key, l.Language, wanted, want[m.To.Key])
			}
			w.settle(m, settled(beta.MailSent, w.clock.Now()))
		}
		if letters != 2 {
			t.Errorf("got %d letters, want 2", letters)
		}
	}
}

func TestQuietlyAddedIsInvitedByStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.create()
	w.done(w.AddTestersWith(w.ctx, owner, skill, emails(a), beta.Adding{Quiet: true}))
	w.start()
	w.wantPost(post{Sent: lines(beta.InvitationMail)})
}
