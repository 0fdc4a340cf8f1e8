package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tryout/internal/inbox"
	"tryout/internal/mailtest"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

// TestMain makes this binary the program too: tests run it as tryout, on PATH.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tryout": main})
}

const (
	soon  = 30 * time.Second // bounds every wait for an event
	hush  = "amzn1.ask.skill.hush"
	tests = "/v1/skills/" + hush + "/betaTest"
)

// site is a database and a relay. Processes come and go on it; none may log
// what is secret.
type site struct {
	t        *testing.T
	home     home
	database string   // the same for [storetest.Dump]
	where    []string // the same in flags
	relay    string   // host:port
	token    string
	env      []string // of its servers, besides what all have
}

// newSite has the vendor V1, the skill hush and a token.
func newSite(t *testing.T, relay string) *site {
	t.Helper()
	return newSiteOn(t, testHome(t, t.TempDir()), relay)
}

// newSiteOn is newSite on a database of its own.
func newSiteOn(t *testing.T, h home, relay string) *site {
	t.Helper()
	s := &site{t: t, home: h, relay: relay}
	s.database, s.where = s.home.data, []string{"--data", s.home.data}
	if s.home.postgres != "" {
		s.database, s.where = s.home.postgres, []string{"--database", s.home.postgres, "--master-key", hex.EncodeToString(s.home.master)}
	}
	s.operate("vendor", "create", "--name", "Vendor", "--id", "V1")
	s.operate("skill", "create", "--vendor", "V1", "--name", "Skill", "--id", hush)
	s.token = s.operate("token", "create", "--vendor", "V1")["access_token"].(string)
	return s
}

// testHome is what belongs to dir, on the database that tests run on.
func testHome(t *testing.T, dir string) home {
	t.Helper()
	if !storetest.OnPostgres() {
		return home{data: dir}
	}
	return home{postgres: storetest.Database(t, dir), master: make([]byte, store.KeySize)}
}

// openInbox returns a relay that takes everything and looks at it.
func openInbox(t *testing.T) *inbox.Inbox {
	t.Helper()
	box, _ := mailtest.Inbox(t)
	return box
}

// operate runs an operator's command and returns the JSON object it prints.
func (s *site) operate(args ...string) map[string]any {
	s.t.Helper()
	var out, errs bytes.Buffer
	if code := run(s.t.Context(), s.command(args), streams{&out, &errs}); code != 0 {
		s.t.Fatalf("tryout %s: %d, %s", strings.Join(args, " "), code, &errs)
	}
	return s.object(out.Bytes())
}

// beside is operate in a process of its own.
func (s *site) beside(args ...string) map[string]any {
	s.t.Helper()
	out, err := tryout(s.t, s.command(args)...).Output()
	if err != nil {
		s.t.Fatalf("tryout %s: %v", strings.Join(args, " "), err)
	}
	return s.object(out)
}

// text runs an operator's command and returns what it prints for people.
func (s *site) text(args ...string) string {
	s.t.Helper()
	var out, errs bytes.Buffer
	if code := run(s.t.Context(), append(args, s.where...), streams{&out, &errs}); code != 0 {
		s.t.Fatalf("tryout %s: %d, %s", strings.Join(args, " "), code, &errs)
	}
	return out.String()
}

func (s *site) command(args []string) []string {
	return append(append(slices.Clone(args), "--json"), s.where...)
}

func (s *site) object(text []byte) (object map[string]any) {
	s.t.Helper()
	if err := json.Unmarshal(text, &object); err != nil {
		s.t.Fatalf("%s: %v", text, err)
	}
	return object
}

// tryout prepares a run that no setting of this machine reaches.
func tryout(t *testing.T, args ...string) *exec.Cmd {
	cmd := exec.Command("tryout", args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	return cmd
}

// server is a running tryout serve.
type server struct {
	*site
	url, admin string
	cmd        *exec.Cmd
	log        *journal
	exited     chan struct{}
	client     *http.Client
}

// serve returns once the server listens. It is stopped with the test.
func (s *site) serve(flags ...string) *server {
	s.t.Helper()
	p := s.begin(flags...)
	p.listens()
	return p
}

// listens returns once the server does.
func (p *server) listens() {
	p.t.Helper()
	p.url = p.log.await(p.t, "listening")["url"].(string)
}

// begin returns once the server answers operators.
func (s *site) begin(flags ...string) *server {
	s.t.Helper()
	args := append([]string{
		"serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
		"--smtp", "smtp://" + s.relay, "--mail-from", "beta@tryout.test", "--log-format", "json", "--drain-grace", "10ms",
	}, append(slices.Clone(s.where), flags...)...)
	p := &server{
		site: s, cmd: tryout(s.t, args...), log: newJournal(), exited: make(chan struct{}),
		client: &http.Client{Transport: &http.Transport{}, Timeout: soon},
	}
	p.cmd.Env = append(p.cmd.Env, s.env...)
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		p.cmd.Wait() // the state tells
		p.log.close()
		close(p.exited)
	}()
	s.t.Cleanup(p.end)
	p.admin = "http://" + p.log.await(s.t, "listening for operators")["addr"].(string)
	return p
}

func (p *server) end() {
	p.client.CloseIdleConnections()
	select {
	case <-p.exited:
	default:
		p.stop()
	}
	log := p.log.String()
	for _, secret := range []string{"@", "%40", "Atza", "Atzr", "oa2-cs", hush} {
		if strings.Contains(log, secret) {
			p.t.Errorf("%q stands in the log", secret)
		}
	}
	if p.t.Failed() {
		p.t.Logf("the log:\n%s", log)
	}
}

// stop ends the server as an operator does, and wants it to end well.
func (p *server) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	if state := p.wait(); state.ExitCode() != 0 {
		p.t.Errorf("told to stop, the server ended with %v, want 0", state)
	}
}

func (p *server) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Errorf("%v: %v", s, err)
	}
}

func (p *server) wait() *os.ProcessState {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(soon):
		p.t.Error("the server does not end")
		p.cmd.Process.Kill()
		<-p.exited
	}
	return p.cmd.ProcessState
}

// ask sends a request with the site's token.
func (p *server) ask(method, path, body string) (*http.Response, string) {
	p.t.Helper()
	return p.get(p.request(p.token, method, path, body))
}

// must asks and wants a status.
func (p *server) must(status int, method, path, body string) string {
	p.t.Helper()
	resp, text := p.ask(method, path, body)
	if resp.StatusCode != status {
		p.t.Fatalf("%s: got %d %s, want %d", method, resp.StatusCode, text, status)
	}
	return text
}

func (p *server) request(token, method, path, body string) *http.Request {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	return req
}

func (p *server) get(req *http.Request) (*http.Response, string) {
	p.t.Helper()
	resp, err := p.client.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp, string(text)
}

// operators asks on the admin address.
func (p *server) operators(path string) (status int, body string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.admin+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	resp, body := p.get(req)
	return resp.StatusCode, body
}

// startTest has a test of the skill run.
func (p *server) startTest() {
	p.t.Helper()
	p.must(201, "POST", tests, "{}")
	p.must(202, "POST", tests+"/start", "")
}

func (p *server) add(address string) {
	p.t.Helper()
	p.must(204, "POST", tests+"/testers/add", addBody(address))
}

func addBody(address string) string { return `{"testers":[{"emailId":"` + address + `"}]}` }

// until asks again and again until it is so; there is no event to wait for.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for begun := time.Now(); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > soon {
			t.Fatalf("%s: it does not come to that", what)
		}
	}
}

// journal is a log in JSON that can be waited on.
type journal struct {
	mu    sync.Mutex
	text  bytes.Buffer
	grown chan struct{} // closed, and replaced, when more comes
	ended context.Context
	close context.CancelFunc
}

func newJournal() *journal {
	j := &journal{grown: make(chan struct{})}
	j.ended, j.close = context.WithCancel(context.Background())
	return j
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	close(j.grown)
	j.grown = make(chan struct{})
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// records returns the whole lines with a message.
func (j *journal) records(msg string) (list []map[string]any) {
	for line := range strings.Lines(j.String()) {
		var record map[string]any
		if json.Unmarshal([]byte(line), &record) == nil && record["msg"] == msg {
			list = append(list, record)
		}
	}
	return list
}

// await returns the first line with a message.
func (j *journal) await(t *testing.T, msg string) map[string]any {
	t.Helper()
	timeout := time.After(soon)
	for {
		j.mu.Lock()
		grown := j.grown
		j.mu.Unlock()
		if list := j.records(msg); list != nil {
			return list[0]
		}
		select {
		case <-grown:
		case <-j.ended.Done():
			t.Fatalf("ended without saying %q:\n%s", msg, j)
		case <-timeout:
			t.Fatalf("does not say %q:\n%s", msg, j)
		}
	}
}

// levels returns the levels of all lines, each once.
func (j *journal) levels() (list []string) {
	for line := range strings.Lines(j.String()) {
		var record struct{ Level string }
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			record.Level = "not JSON: " + line
		}
		list = append(list, record.Level)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
