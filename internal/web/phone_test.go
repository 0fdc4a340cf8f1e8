package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/chromedp"
)

// phone is the width of the screen in CSS pixels.
const phone = 390

// browser is a phone that shows a site.
type browser struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu       sync.Mutex
	problems []string // violations of the policy, scripts of the page
}

// open opens the site in a browser, over plain HTTP and under a host name.
// That is the hardest case: there a browser sends no Sec-Fetch-Site, so that
// only its Origin tells our own pages from another site's.
func open(t *testing.T, s http.Handler) *browser {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	b := &browser{t: t, ctx: chromium(t), base: strings.Replace(server.URL, "127.0.0.1", "beta.example", 1)}
	if err := chromedp.Listen(b.ctx, b.watch); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(phone, 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
	if _, err := chromedp.Call(b.ctx, audits.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(b.ctx, debugger.Enable, debugger.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	return b
}

// chromium starts the browser. Where there is none the test is left out,
// loudly; under CI that is a failure.
func chromium(t *testing.T) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatal("chromium is not installed, so the pages cannot be tried in a browser")
	case err != nil:
		t.Skip("LEFT OUT: chromium is not installed, so the pages are not tried in a browser")
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP beta.example 127.0.0.1"),
	)...)
	t.Cleanup(stop)
	ctx, quit := chromedp.NewContext(allocator)
	t.Cleanup(quit)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// watch records what should not happen. Scripts without an address are the
// test's own.
func (b *browser) watch(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *audits.EventIssueAdded:
		if csp := ev.Issue.Details.ContentSecurityPolicyIssueDetails; csp != nil {
			b.problems = append(b.problems, "violates "+csp.ViolatedDirective+": "+csp.BlockedURL)
		}
	case *debugger.EventScriptParsed:
		if strings.HasPrefix(ev.URL, b.base) {
			b.problems = append(b.problems, "runs a script: "+ev.URL)
		}
	}
}

// wantQuiet fails the test if a policy was violated or a script of the page ran.
func (b *browser) wantQuiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.problems {
		b.t.Error("the page", p)
	}
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) visit(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base + path))
}

// press clicks the button with that text and waits for the page it leads to.
func (b *browser) press(label string) {
	b.t.Helper()
	button := `//button[normalize-space()="` + label + `"]`
	response, err := chromedp.RunResponse(b.ctx, chromedp.Click(button))
	if err != nil {
		b.t.Fatalf("press %q: %v", label, err)
	}
	if response.Status != 200 {
		b.t.Fatalf("press %q: status %d", label, response.Status)
	}
}

func (b *browser) heading() string {
	b.t.Helper()
	return eval[string](b, `document.querySelector("h1").innerText`)
}

func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}
