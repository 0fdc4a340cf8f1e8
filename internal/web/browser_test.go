package web_test

import (
	"strings"
	"testing"

	"tryout/internal/beta"
)

func TestAcceptingInARealBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := open(t, s)

	b.visit(s.path())
	b.press("Accept")
	if got := b.heading(); got != "You are in" {
		t.Errorf("after Accept the page says %q, want %q", got, "You are in")
	}
	if got := s.state(); got != beta.Accepted {
		t.Errorf("after Accept the tester is %s, want ACCEPTED", got)
	}
	b.press("Leave the test")
	if got := b.heading(); got != "You left the test" {
		t.Errorf("after leaving the page says %q, want %q", got, "You left the test")
	}
	b.wantQuiet()
}

func TestTheWayOutInARealBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := open(t, s)

	b.visit(s.wishes())
	if s.state() != beta.Invited || s.blocked() != "" {
		t.Error("opening the page changed something")
	}
	b.press("Unsubscribe")
	if got := s.blocked(); got != beta.BecauseUnsubscribed || s.state() != beta.Invited {
		t.Errorf("after Unsubscribe: blocked %q, %s", got, s.state())
	}
	b.press("Mail me again")
	b.press("Leave this test")
	if got := b.heading(); s.state() != beta.Declined || s.blocked() != "" {
		t.Errorf("after leaving: %q, %s, blocked %q", got, s.state(), s.blocked())
	}
	b.wantQuiet()
}

func TestHostileNamesInARealBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.change(func(inv *beta.Invitation) {
		inv.Skill.Name = `</title><script>document.title = "owned"</script><style>*{display:none}</style>`
		inv.Vendor.Name = "\u202e" + strings.Repeat("W", 10<<10)
	})
	b := open(t, s)

	b.visit(s.path())
	if got := eval[string](b, "document.title"); got == "owned" {
		t.Error("a script in the skill's name ran")
	}
	if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > phone {
		t.Errorf("the page is %d pixels wide on a phone of %d", wide, phone)
	}
	if top := eval[float64](b, `document.querySelector("button").getBoundingClientRect().top`); top > 844 {
		t.Errorf("the first button is %.0f pixels down, below the screen", top)
	}
	b.press("No thanks")
	b.wantQuiet()
}

func TestTargetsAreLargeEnoughForAThumb(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := open(t, s)
	const small = `[...document.querySelectorAll("a, button")].
		filter(e => e.closest(".note") === null && e.getBoundingClientRect().height < 44).
		map(e => e.textContent + " " + e.getBoundingClientRect().height).join("; ")`
	for _, state := range []beta.TesterState{beta.Invited, beta.Accepted, beta.Declined, beta.Left} {
		s.change(func(inv *beta.Invitation) { inv.Tester.State = state })
		for _, path := range []string{s.path(), s.wishes()} {
			b.visit(path)
			if got := eval[string](b, small); got != "" {
				t.Errorf("%s: lower than 44 pixels: %s", state, got)
			}
		}
	}
}
