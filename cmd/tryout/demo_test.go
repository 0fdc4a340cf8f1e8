package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/net/html"

	"tryout/internal/mailtest"
)

func TestDemoLeadsFromAPastedLineToAccepted(t *testing.T) {
	t.Parallel()
	d := startDemo(t, newcomer(t))
	d.addAcceptAndList(t)
	d.checkEnvironment(t)
	d.interrupt(t)
}

func TestDemoBesideAnotherTakesAPlaceOfItsOwnAndLeavesNothing(t *testing.T) {
	t.Parallel()
	env := newcomer(t)
	first := startDemo(t, env)
	second := startDemo(t, env)
	if first.lines[1] == second.lines[1] {
		t.Errorf("both demos are at %s", first.lines[1])
	}
	second.addAcceptAndList(t)
	second.checkEnvironment(t)
	second.interrupt(t)
	if left, err := os.ReadDir(env.tmp); err != nil || len(left) > 0 {
		t.Errorf("the second demo left %v, %v", left, err)
	}
	first.addAcceptAndList(t)
	first.checkEnvironment(t)
	first.interrupt(t)
}

func TestDemoBeginsAnewEachTimeUnlessItsDataIsNamed(t *testing.T) {
	t.Parallel()
	env := newcomer(t)
	for _, run := range []struct {
		flags []string
		want  bool // that the tester of the first run is there in the second
	}{{nil, false}, {[]string{"--data", filepath.Join(env.home, "kept")}, true}} {
		d := startDemo(t, env, run.flags...)
		d.sh(t, d.lines[0])
		d.interrupt(t)
		d = startDemo(t, env, run.flags...)
		if got := strings.Contains(d.sh(t, d.lines[2]), "ann@example.com"); got != run.want {
			t.Errorf("with %q: the tester of the demo before is listed: %v, want %v", run.flags, got, run.want)
		}
		d.interrupt(t)
	}
}

func TestDemoHeedsNothingThatIsMeantForServe(t *testing.T) {
	t.Parallel()
	env := newcomer(t)
	real, file := filepath.Join(env.home, "real"), filepath.Join(env.home, "tryout.toml")
	if err := os.WriteFile(file, []byte("data = '''"+real+"'''\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env.variables = append(env.variables, "TRYOUT_DATA="+real, "TRYOUT_LISTEN=127.0.0.1:1", "TRYOUT_CONFIG="+file)
	d := startDemo(t, env)
	d.addAcceptAndList(t)
	d.checkEnvironment(t)
	d.interrupt(t)
	if _, err := os.Stat(real); !os.IsNotExist(err) {
		t.Errorf("the real server's data directory: %v, want it untouched", err)
	}
}

// surroundings are those of somebody who has just cloned the repository.
type surroundings struct {
	home, tmp string
	variables []string
}

func newcomer(t *testing.T) surroundings {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("curl is missing")
		}
		t.Skip("LEFT OUT: the demo's lines are for curl, which is missing; install it")
	}
	dir := t.TempDir()
	s := surroundings{home: filepath.Join(dir, "new comer's home"), tmp: filepath.Join(dir, "tmp")}
	for _, d := range []string{s.home, s.tmp} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.variables = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "TMPDIR=" + s.tmp}
	return s
}

// demo is a running tryout demo.
type demo struct {
	surroundings
	cmd    *exec.Cmd
	stderr bytes.Buffer
	lines  []string // what it printed to be pasted, without the indentation
	text   string   // all that it printed
}

// startDemo returns when the demo has printed all it has to say.
func startDemo(t *testing.T, env surroundings, flags ...string) *demo {
	t.Helper()
	d := &demo{surroundings: env, cmd: exec.Command("tryout", append([]string{"demo"}, flags...)...)}
	d.cmd.Env, d.cmd.Stderr = env.variables, &d.stderr
	out, err := d.cmd.StdoutPipe()
	if err == nil {
		err = d.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.cmd.Process.Kill() }) // where it has not ended
	for lines := bufio.NewScanner(out); lines.Scan(); {
		d.text += lines.Text() + "\n"
		if line, pasted := strings.CutPrefix(lines.Text(), "   "); pasted {
			d.lines = append(d.lines, line)
		}
		if strings.HasPrefix(lines.Text(), "What this server is:") {
			break
		}
	}
	if len(d.lines) != 6 {
		t.Fatalf("the demo printed %d lines to paste, want 6:\n%s", len(d.lines), d.text)
	}
	t.Logf("$ tryout demo %s\n%s", strings.Join(flags, " "), d.text)
	return d
}

// sh pastes lines into a shell.
func (d *demo) sh(t *testing.T, lines ...string) string {
	t.Helper()
	cmd := exec.Command("sh", "-e")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	cmd.Env, cmd.Dir = d.variables, d.tmp
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	t.Logf("$ %s\n%s", strings.Join(lines, "\n$ "), out)
	if err != nil {
		t.Fatalf("%v\n%s", err, &errs)
	}
	return string(out)
}

// addAcceptAndList walks the path that the demo prints.
func (d *demo) addAcceptAndList(t *testing.T) {
	t.Helper()
	if answer := d.sh(t, d.lines[0]); !strings.HasPrefix(answer, "HTTP/1.1 204 ") {
		t.Fatalf("adding a tester: got %s, want 204", answer)
	}
	b := newBrowser(t)
	b.open(t, d.lines[1])
	until(t, "mail in the inbox", func() bool {
		if b.has("No mail yet") {
			b.open(t, d.lines[1])
		}
		return !b.has("No mail yet")
	})
	b.follow(t, regexp.MustCompile(`^\d+$`))
	mailtest.New(t).See([]string{"ann@example.com"}, b.source(t))
	b.follow(t, regexp.MustCompile(`^`+regexp.QuoteMeta(b.at.Scheme+"://"+b.at.Host)+`/i/`))
	b.press(t, "Accept")
	if answer := d.sh(t, d.lines[2]); !strings.Contains(answer, `"emailId":"ann@example.com"`) || !strings.Contains(answer, `"invitationStatus":"ACCEPTED"`) {
		t.Errorf("the list says %s, want ACCEPTED", answer)
	}
}

// checkEnvironment pastes the line for ask-cli, and calls the API with what it
// set, as ask-cli would.
func (d *demo) checkEnvironment(t *testing.T) {
	t.Helper()
	answer := d.sh(t, d.lines[3],
		`curl -sS -w ' %{http_code}' "$ASK_SMAPI_SERVER_BASE_URL/v1/vendors" -H "Authorization: $ASK_ACCESS_TOKEN"; echo; echo "$ASK_VENDOR_ID"`)
	if !strings.Contains(answer, " 200\n") || !strings.HasSuffix(answer, "\n"+demoVendor+"\n") {
		t.Errorf("with the environment set, the answer is %s", answer)
	}
	if d.lines[4] != "ask smapi get-list-of-testers -s "+demoSkill {
		t.Errorf("the line for ask-cli is %q", d.lines[4])
	}
}

// interrupt is Ctrl-C.
func (d *demo) interrupt(t *testing.T) {
	t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	defer context.AfterFunc(ctx, func() { d.cmd.Process.Kill() })()
	if err := d.cmd.Wait(); err != nil || d.stderr.Len() > 0 {
		t.Errorf("Ctrl-C: the demo ended with %v and said %q, want 0 and nothing", err, &d.stderr)
	}
	t.Log("^C")
}

// browser opens pages, follows links and presses buttons, without scripts.
type browser struct {
	client *http.Client
	at     *url.URL
	page   *html.Node
	text   string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{client: &http.Client{Jar: jar, Transport: transport, Timeout: soon}}
}

func (b *browser) open(t *testing.T, address string) {
	t.Helper()
	b.send(t, http.MethodGet, address)
}

func (b *browser) send(t *testing.T, method, address string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Origin", b.at.Scheme+"://"+b.at.Host)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	b.do(t, req)
}

// do sends a request and shows the page that comes back.
func (b *browser) do(t *testing.T, req *http.Request) {
	t.Helper()
	resp, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil {
		b.page, err = html.Parse(bytes.NewReader(text))
	}
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s %s: got %s, %v", req.Method, req.URL, resp.Status, err)
	}
	b.at, b.text = resp.Request.URL, string(text)
	t.Logf("%s %s\n%s: %s", req.Method, req.URL, resp.Status, b.heading())
}

// source is the message that is open, as it came.
func (b *browser) source(t *testing.T) []byte {
	t.Helper()
	resp, err := b.client.Get(b.at.String() + "/source")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (b *browser) has(text string) bool { return strings.Contains(b.text, text) }

// heading is the page's h1.
func (b *browser) heading() string {
	for n := range b.page.Descendants() {
		if n.Data == "h1" {
			return strings.Join(strings.Fields(textOf(n)), " ")
		}
	}
	return ""
}

// follow opens the first link whose address matches.
func (b *browser) follow(t *testing.T, address *regexp.Regexp) {
	t.Helper()
	for n := range b.page.Descendants() {
		if href := attribute(n, "href"); n.Data == "a" && address.MatchString(href) {
			b.open(t, b.resolve(t, href))
			return
		}
	}
	t.Fatalf("no link to %s on %s:\n%s", address, b.at, b.text)
}

// press sends the form with a button.
func (b *browser) press(t *testing.T, button string) {
	t.Helper()
	for form := range b.page.Descendants() {
		if form.Data == "form" && strings.TrimSpace(textOf(form)) == button {
			b.send(t, strings.ToUpper(attribute(form, "method")), b.resolve(t, attribute(form, "action")))
			return
		}
	}
	t.Fatalf("no button %q on %s:\n%s", button, b.at, b.text)
}

func (b *browser) resolve(t *testing.T, reference string) string {
	t.Helper()
	u, err := b.at.Parse(reference)
	if err != nil {
		t.Fatal(err)
	}
	return u.String()
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

func attribute(n *html.Node, name string) string {
	i := slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
	if i < 0 {
		return ""
	}
	return n.Attr[i].Val
}
