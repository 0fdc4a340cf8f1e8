package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"tryout/internal/beta"
)

// openNarrow opens the site on the narrowest phone that is common.
func openNarrow(t *testing.T, s *site) *browser {
	t.Helper()
	b := open(t, s)
	b.do(chromedp.EmulateViewport(360, 640, chromedp.EmulateMobile, chromedp.EmulateTouch))
	return b
}

// refused presses a button whose answer is a page that says no.
func (b *browser) refused(label string, status int64) {
	b.t.Helper()
	response, err := chromedp.RunResponse(b.ctx, chromedp.Click(`//button[normalize-space()="`+label+`"]`))
	if err != nil || response.Status != status {
		b.t.Fatalf("press %q: %v, %v; want status %d", label, response, err, status)
	}
}

// fits requires that nothing is wider than the screen, or too small for a thumb.
func (b *browser) fits(what string) {
	b.t.Helper()
	if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 360 {
		b.t.Errorf("%s: %d pixels wide on a phone of 360", what, wide)
	}
	const small = `[...document.querySelectorAll("a, button, textarea, label:has(input)")].
		filter(e => e.closest(".note") === null && e.getBoundingClientRect().height < 44).
		map(e => e.textContent.trim() + " " + e.getBoundingClientRect().height).join("; ")`
	if got := eval[string](b, small); got != "" {
		b.t.Errorf("%s: lower than 44 pixels: %s", what, got)
	}
}

// The strings try to get out of the field, and out of the page after an error.
var xss = []string{
	`</textarea><script>document.title = "owned"</script>`,
	`"><img src=x onerror="document.title = 'owned'">`,
	"{{.Link}}</script><svg onload=document.title='owned'>",
	"\u202e\u2066 backwards",
}

func TestWritingFeedbackInARealBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := openNarrow(t, s)
	b.visit(s.formPath())
	b.fits("the form")
	b.refused("Send", 400)
	b.fits("the form with a problem")
	if got := eval[string](b, `document.querySelector("[role=alert]").innerText`); !strings.Contains(got, "Nothing was written yet") {
		t.Errorf("the problem: got %q", got)
	}
	typed := strings.Join(xss, "\n") + strings.Repeat("W", 4000)
	eval[string](b, `document.querySelector("textarea").value = `+quote(typed))
	b.do(chromedp.Click(`//label[normalize-space()="4"]`))
	b.refused("Send", 400)
	if got := eval[string](b, `document.querySelector("textarea").value`); got != typed {
		t.Errorf("after the error the field holds %.200q, want %.200q", got, typed)
	}
	if got := eval[string](b, `document.querySelector("input:checked").value`); got != "4" {
		t.Errorf("after the error the rating is %q, want 4", got)
	}
	b.fits("the form with a long line")
	typed = strings.Join(xss, "\n")
	eval[string](b, `document.querySelector("textarea").value = `+quote(typed))
	b.press("Send")
	if got := b.heading(); got != "Thank you" {
		t.Errorf("after sending the page says %q", got)
	}
	b.fits("the thanks")
	if want := (beta.Feedback{Kind: beta.Opinion, Rating: 4, Text: typed}); len(s.testers.written) != 1 || s.testers.written[0] != want {
		t.Errorf("handed on: got %+v, want %+v", s.testers.written, want)
	}
	if got := eval[string](b, "document.title"); strings.Contains(got, "owned") {
		t.Error("a script in the text ran")
	}
	b.wantQuiet()
}

func TestSayingWhyInARealBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := openNarrow(t, s)
	b.visit(s.path())
	b.press("No thanks")
	b.fits("no thanks")
	b.do(chromedp.SendKeys("textarea", "No time."))
	b.press("Send")
	if got := b.heading(); got != "Thank you" || len(s.testers.written) != 1 || s.testers.written[0].Text != "No time." {
		t.Errorf("the page says %q, handed on %+v", got, s.testers.written)
	}
	b.wantQuiet()
}

func quote(s string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`", "$", "\\$").Replace(s) + "`"
}
