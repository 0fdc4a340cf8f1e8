package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
)

// browser is a developer's browser.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// openBrowser starts one. Where there is none the test is left out, loudly;
// under CI that is a failure.
func openBrowser(t *testing.T) browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatal("NOT TESTED: chromium is not installed")
	case err != nil:
		t.Skip("NOT TESTED: chromium is not installed")
	}
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)...)
	t.Cleanup(stop)
	ctx, quit := chromedp.NewContext(allocator)
	t.Cleanup(quit)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	ctx, cancel := context.WithTimeout(ctx, 3*patience)
	t.Cleanup(cancel)
	return browser{t, ctx}
}

func (b browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%v; the page says:\n%s", err, b.text())
	}
}

func (b browser) visit(address string) {
	b.t.Helper()
	b.do(chromedp.Navigate(address))
}

// fill types into the field with that name.
func (b browser) fill(field, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(`//input[@name="`+field+`"]`, text))
}

// press clicks the button with that text and waits for the page it leads to.
func (b browser) press(label string) {
	b.t.Helper()
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Click(`//button[normalize-space()="`+label+`"]`)); err != nil {
		b.t.Fatalf("press %q: %v; the page says:\n%s", label, err, b.text())
	}
}

// text is what the page says.
func (b browser) text() string {
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}
