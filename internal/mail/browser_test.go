package mail_test

import (
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"tryout/internal/beta"
)

// phone is the width of a small screen in CSS pixels.
const phone = 360

// chromium starts the browser on a small phone. Where there is none the test is
// left out, loudly; under CI that is a failure.
func chromium(t *testing.T) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatal("chromium is not installed, so mail cannot be looked at in a browser")
	case err != nil:
		t.Skip("LEFT OUT: chromium is not installed, so mail is not looked at in a browser")
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-component-update", true))...)
	t.Cleanup(stop)
	ctx, quit := chromedp.NewContext(allocator)
	t.Cleanup(quit)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(phone, 740, chromedp.EmulateMobile)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// look says what is wrong with the mail that is shown: text outside the screen,
// too small, or in a colour too near to that behind it (WCAG 2.2, 1.4.3), and a
// button too low for a thumb.
const look = `(() => {
	const wrong = [], width = 360
	if (document.documentElement.scrollWidth > width) wrong.push("the page is " + document.documentElement.scrollWidth + " wide")
	const probe = document.createElement("i")
	probe.style.background = "Canvas"
	document.body.append(probe)
	const canvas = getComputedStyle(probe).backgroundColor
	probe.remove()
	const rgba = s => { const c = s.match(/[\d.]+/g).map(Number); return c.length < 4 ? [...c, 1] : c }
	const light = ([r, g, b]) => {
		const [R, G, B] = [r, g, b].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		return 0.2126 * R + 0.7152 * G + 0.0722 * B
	}
	const behind = e => {
		for (; e; e = e.parentElement) {
			const c = getComputedStyle(e).backgroundColor
			if (rgba(c)[3] > 0) return c
		}
		return canvas
	}
	let seen = 0
	for (const e of document.body.querySelectorAll("*")) {
		if (![...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim())) continue
		seen++
		const name = e.tagName + " " + e.textContent.slice(0, 40), style = getComputedStyle(e), box = e.getBoundingClientRect()
		if (box.left < 0 || box.right > width + 0.5) wrong.push(name + " reaches from " + box.left + " to " + box.right)
		if (parseFloat(style.fontSize) < 14) wrong.push(name + " is of " + style.fontSize)
		const [a, b] = [light(rgba(style.color)), light(rgba(behind(e)))].sort((x, y) => y - x)
		const contrast = (a + 0.05) / (b + 0.05)
		if (!(contrast >= 4.5)) wrong.push(name + " has a contrast of " + contrast.toFixed(2))
		if (style.display === "inline-block" && box.height < 44) wrong.push(name + " is a button " + box.height + " high")
	}
	if (seen < 3) wrong.push("only " + seen + " pieces of text are seen")
	return wrong.join("; ")
})()`

var shots = flag.String("shots", "", "a folder for pictures of the mails")

func TestEveryMailIsGoodOnASmallPhoneInLightAndDark(t *testing.T) {
	t.Parallel()
	ctx, w := chromium(t), newWriter(t)
	for n, l := range append(letters(t), longest(t)) {
		html := write(t, w, l).html
		if strings.Contains(html, "<img") || strings.Contains(html, "url(") {
			t.Errorf("%s: the mail has a picture, and must be good without", l.Kind)
		}
		for _, scheme := range []string{"light", "dark"} {
			show(t, ctx, html, scheme)
			wrong, err := chromedp.Run(ctx, chromedp.Evaluate[string](look))
			if err != nil || wrong != "" {
				t.Errorf("%s in %q, %s: %s %v", l.Kind, l.Language, scheme, wrong, err)
			}
			keep(t, ctx, fmt.Sprintf("%02d-%s-%s-%s.png", n, l.Kind, l.Language, scheme))
		}
	}
}

// The look must see what is wrong.
func TestTheLookSeesABadMail(t *testing.T) {
	t.Parallel()
	ctx := chromium(t)
	for body, want := range map[string]string{
		`<p style="white-space:nowrap">` + strings.Repeat("wide ", 60): "wide",
		`<p style="color:#777;background:#666">grey`:                   "contrast of 1.2",
		`<p style="color:#000">black on what is behind`:                "contrast of 1",
		`<p style="font-size:11px">small`:                              "is of 11px",
		`<a href="x" style="display:inline-block">low`:                 "is a button",
		`<p style="position:absolute;left:-50px">out`:                  "reaches from -50",
	} {
		show(t, ctx, `<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><p>a<p>b<p>c`+body, "dark")
		if wrong, err := chromedp.Run(ctx, chromedp.Evaluate[string](look)); err != nil || !strings.Contains(wrong, want) {
			t.Errorf("%.60s: got %q, %v, want %q in it", body, wrong, err, want)
		}
	}
}

// longest has names and a link that are as long as they can be.
func longest(t *testing.T) beta.Letter {
	l := letter(t, beta.InvitationMail)
	l.Language, l.Skill, l.Vendor = "de", strings.Repeat("W", 255), strings.Repeat("Ünïcode ", 30)
	l.Link += strings.Repeat("x", 500)
	l.FeedbackEmail = strings.Repeat("f", 64) + "@" + strings.Repeat("example.", 20) + "org"
	return l
}

// show opens a mail as a phone in light or dark does.
func show(t *testing.T, ctx context.Context, html, scheme string) {
	t.Helper()
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
		t.Fatal(err)
	}
	page := "data:text/html;charset=utf-8;base64," + base64.StdEncoding.EncodeToString([]byte(html))
	if err := chromedp.Do(ctx, chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
}

// keep writes a picture of what is shown where -shots says.
func keep(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	if *shots == "" {
		return
	}
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(*shots, name), picture, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
