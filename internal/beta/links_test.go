package beta_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tryout/internal/beta"
	"tryout/internal/storetest"
)

var (
	links      = beta.NewLinks([]byte("0123456789abcdef0123456789abcdef"))
	otherLinks = beta.NewLinks([]byte("0123456789abcdef0123456789abcdeF"))
)

func aLink() beta.Link {
	return beta.Link{Test: beta.NewTestID(storetest.Start), Tester: 17, Added: storetest.Start.UnixMilli()}
}

func TestALinkIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^[A-Za-z0-9_-]{20,80}$`)
	rapid.Check(t, func(t *rapid.T) {
		want := beta.Link{
			Test:   beta.TestID(rapid.Int64Min(1).Draw(t, "test")),
			Tester: rapid.Int64Min(1).Draw(t, "tester"),
			Added:  rapid.Int64Min(0).Draw(t, "added"),
		}
		text := links.Text(beta.InvitationPlace, want)
		if got, ok := links.Parse(beta.InvitationPlace, text); got != want || !ok || !shape.MatchString(text) {
			t.Errorf("%q: got %+v, %v, want %+v and the form %s", text, got, ok, want, shape)
		}
	})
}

// Links lie in mailboxes: what was written once must open for as long as the key
// is the same. These are made outside of Go.
func TestALinkReadsAsItAlwaysDid(t *testing.T) {
	t.Parallel()
	l := beta.Link{Test: 41, Tester: 17, Added: 1767225600000}
	for at, want := range map[beta.Place]string{
		beta.InvitationPlace:  "15-17-mjuohs00-RYfz7NNaYkdd1ihlvsIbmA",
		beta.FeedbackPlace:    "15-17-mjuohs00-RYfz7NNaYkdd1ihlvsIbmA",
		beta.UnsubscribePlace: "15-17-mjuohs00-dEvLCqVvO-Y-B6tW-6yrLw",
	} {
		for range 2 { // an HMAC is used again
			if got := links.Text(at, l); got != want {
				t.Errorf("%s: got %s, want %s", at, got, want)
			}
		}
	}
}

func TestALinkWithAnythingChangedIsRefused(t *testing.T) {
	t.Parallel()
	text := links.Text(beta.InvitationPlace, aLink())
	for i := range text {
		for _, c := range []byte("-_0aAzZ9+ /=%") {
			if text[i] != c {
				wantNoLink(t, text[:i]+string(c)+text[i+1:])
			}
		}
		wantNoLink(t, text[:i])
		wantNoLink(t, text[:i]+text[i+1:])
		wantNoLink(t, text[:i]+text[i:i+1]+text[i:])
	}
	wantNoLink(t, text+"A")
	wantNoLink(t, text+"=")
	wantNoLink(t, text+"\n")
}

func TestALinkOfAnotherKeyIsRefused(t *testing.T) {
	t.Parallel()
	wantNoLink(t, otherLinks.Text(beta.InvitationPlace, aLink()))
}

// The unsubscribe link stands in the header of mails; who sees it there must
// not be able to accept.
func TestALinkOpensOnlyWhatItIsFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		written, read beta.Place
		want          bool
	}{
		{beta.InvitationPlace, beta.FeedbackPlace, true},
		{beta.FeedbackPlace, beta.InvitationPlace, true},
		{beta.UnsubscribePlace, beta.UnsubscribePlace, true},
		{beta.UnsubscribePlace, beta.InvitationPlace, false},
		{beta.UnsubscribePlace, beta.FeedbackPlace, false},
		{beta.InvitationPlace, beta.UnsubscribePlace, false},
	} {
		if _, got := links.Parse(c.read, links.Text(c.written, aLink())); got != c.want {
			t.Errorf("a link to /%s read at /%s: got %v, want %v", c.written, c.read, got, c.want)
		}
	}
}

// Nobody can make a second spelling of a link that works.
func TestALinkHasOneForm(t *testing.T) {
	t.Parallel()
	part := strings.SplitN(links.Text(beta.InvitationPlace, aLink()), "-", 4)
	test, number, added, code := part[0], part[1], part[2], part[3]
	for _, text := range []string{
		"0" + test + "-" + number + "-" + added + "-" + code,
		test + "-0" + number + "-" + added + "-" + code,
		test + "-+" + number + "-" + added + "-" + code,
		test + "-" + number + "-0" + added + "-" + code,
		strings.ToUpper(test) + "-" + number + "-" + added + "-" + code,
		test + "-" + number + "-" + strings.ToUpper(added) + "-" + code,
		test + "-" + number + "-" + added + "-" + code + "==",
		" " + test + "-" + number + "-" + added + "-" + code,
		test + "--" + number + "-" + added + "-" + code,
		test + "-" + number + "-" + code,
		"", "-", "---", "a-1-1-", strings.Repeat("-", 1000), strings.Repeat("9", 100000),
	} {
		wantNoLink(t, text)
	}
}

func wantNoLink(t *testing.T, text string) {
	t.Helper()
	if l, ok := links.Parse(beta.InvitationPlace, text); ok {
		t.Errorf("%.100q: got %+v, want it refused", text, l)
	}
}
