package inbox_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

func TestAnInvitationIsFollowedInARealBrowser(t *testing.T) {
	t.Parallel()
	ctx, i := chromium(t), open(t)
	site, opened, accepted := invitation(t)
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	if _, err := chromedp.Call(ctx, audits.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	quiet(t, ctx)

	do(t, ctx, chromedp.Navigate(server.URL+"/inbox/"), chromedp.WaitVisible(".empty"))
	send(t, i, alternative("text/plain", "text", "text/html", `<a href=3D"`+site+`" style=3D"position:fixed;inset:0">Open</a>`))
	do(t, ctx, chromedp.Click(".list a"), chromedp.WaitVisible("iframe")) // it appeared by itself
	press(t, ctx, opened)
	do(t, ctx, chromedp.Click("button"))
	await(t, ctx, accepted)
}

// press clicks into the mail until its link was opened. Nothing tells from
// outside when the mail has been loaded: its sandbox lets nobody look in.
func press(t *testing.T, ctx context.Context, opened <-chan struct{}) {
	t.Helper()
	const middle = `(() => {
		const frame = document.querySelector("iframe");
		frame.scrollIntoView();
		const box = frame.getBoundingClientRect();
		return [box.x + box.width / 2, box.y + 100];
	})()`
	at, err := chromedp.Run(ctx, chromedp.Evaluate[[]float64](middle))
	if err != nil {
		t.Fatal(err)
	}
	for {
		do(t, ctx, chromedp.MouseClickXY(at[0], at[1]))
		select {
		case <-opened:
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// invitation is a page that refuses frames and has a form: what a link in a
// mail leads to. The channels are closed when it was opened and when its form
// was sent.
func invitation(t *testing.T) (link string, opened, accepted chan struct{}) {
	t.Helper()
	opened, accepted = make(chan struct{}), make(chan struct{})
	open, accept := sync.OnceFunc(func() { close(opened) }), sync.OnceFunc(func() { close(accepted) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			accept()
		case r.URL.Path == "/t/1":
			open()
		}
		w.Header().Set("Content-Security-Policy", "frame-ancestors 'none'")
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, `<!doctype html><form method="post"><button>Accept</button></form>`)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/t/1", opened, accepted
}

// chromium starts a browser. Where there is none the test is left out, loudly;
// under CI that is a failure.
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
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU)...)
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

// quiet fails the test when a page violates its policy.
func quiet(t *testing.T, ctx context.Context) {
	t.Helper()
	err := chromedp.Listen(ctx, func(ev any) {
		if ev, is := ev.(*audits.EventIssueAdded); is {
			if csp := ev.Issue.Details.ContentSecurityPolicyIssueDetails; csp != nil {
				t.Errorf("a page violates %s: %s", csp.ViolatedDirective, csp.BlockedURL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, ctx context.Context, event <-chan struct{}) {
	t.Helper()
	select {
	case <-event:
	case <-ctx.Done():
		t.Fatal("it did not happen")
	}
}
