package httpd_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tryout/internal/httpd"
)

const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

func TestStoppingUnderLoadLosesNoRequestOfAnEstablishedConnection(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the listener closes without a gap on Linux only")
	}
	t.Parallel()
	p := newPair(t)
	p.issue(t, 1)
	certs, err := httpd.LoadCertificates(p.certFile, p.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, lane := range []struct {
		name   string
		certs  *httpd.Certificates
		rounds int
	}{{"plain", nil, 8}, {"plain too", nil, 8}, {"TLS", certs, 4}} {
		t.Run(lane.name, func(t *testing.T) {
			t.Parallel()
			for range lane.rounds {
				stopUnderLoad(t, lane.certs)
			}
		})
	}
}

// stopUnderLoad stops a server in the middle of many clients' requests.
func stopUnderLoad(t *testing.T, certs *httpd.Certificates) {
	s := listen(t, httpd.New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "answer")
	}), httpd.Config{}), certs)
	s.Grace = 100 * time.Millisecond
	stop := run(t, s)
	h := &hammer{t: t, addr: s.Addr().String(), secure: certs != nil, grace: s.Grace, warm: make(chan struct{})}
	var clients sync.WaitGroup
	for i := range 32 {
		clients.Go(func() { h.client(i%2 == 0) })
	}
	<-h.warm
	stop()
	clients.Wait()
	t.Logf("%d connections, %d answers", h.connections.Load(), h.answers.Load())
}

// hammer is many clients of one server.
type hammer struct {
	t                    *testing.T
	addr                 string
	secure               bool
	grace                time.Duration
	connections, answers atomic.Int64
	warm                 chan struct{} // closed at the 300th answer
}

// client connects and asks until nobody listens any more.
func (h *hammer) client(keepAlive bool) {
	for {
		c, err := net.DialTimeout("tcp", h.addr, 200*time.Millisecond)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err != nil {
			continue // not heard: not connected either
		}
		h.connections.Add(1)
		if h.secure {
			c = tls.Client(c, &tls.Config{InsecureSkipVerify: true})
		}
		if err := h.converse(c, keepAlive); err != nil {
			h.t.Errorf("keep-alive %v: %v", keepAlive, err)
		}
		c.Close()
	}
}

// converse asks on c until an answer ends the connection.
func (h *hammer) converse(c net.Conn, keepAlive bool) error {
	_ = c.SetDeadline(time.Now().Add(10 * time.Second)) // fails as the next write would
	raw := request
	if !keepAlive {
		raw = strings.Replace(raw, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1)
	}
	r := bufio.NewReader(c)
	var before time.Time // when the request before this one was sent
	for {
		now := time.Now()
		last, err := h.once(c, r, raw)
		if err != nil && !before.IsZero() && time.Since(before) > h.grace {
			return nil // a busy machine let this client sleep, and an idle connection may be hung up
		}
		if last || err != nil {
			return err
		}
		before = now
	}
}

// once asks and reads the answer; last means that it ends the connection.
func (h *hammer) once(c net.Conn, r *bufio.Reader, raw string) (last bool, err error) {
	if _, err := io.WriteString(c, raw); err != nil {
		return false, fmt.Errorf("ask: %w", err)
	}
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return false, fmt.Errorf("answer: %w", err)
	}
	body, err := io.ReadAll(res.Body)
	if res.StatusCode == 503 && res.Header.Get("Retry-After") != "" && res.Close {
		return true, err // Grace is over
	}
	if err != nil || string(body) != "answer" {
		return false, fmt.Errorf("%d, body %q: %v", res.StatusCode, body, err)
	}
	if h.answers.Add(1) == 300 {
		close(h.warm)
	}
	return res.Close, nil
}

// stopping starts a stop in the background and returns once the edge drains; the channel tells its end.
func stopping(t *testing.T, e *httpd.Edge, stop func()) <-chan struct{} {
	t.Helper()
	ended := make(chan struct{})
	go func() { stop(); close(ended) }()
	for !e.Draining() {
		runtime.Gosched()
	}
	return ended
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// ask sends one request on c and returns its answer.
func ask(t *testing.T, c net.Conn) *http.Response {
	t.Helper()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	return readAnswer(t, bufio.NewReader(c))
}

func TestWhileDrainingEveryAnswerEndsItsConnection(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}, 3), make(chan struct{}, 3)
	edge := httpd.New(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		entered <- struct{}{}
		<-release
	}), httpd.Config{})
	s := listen(t, edge, nil)
	s.Grace = 500 * time.Millisecond
	stop := run(t, s)

	kept, under := dial(t, s.Addr().String()), dial(t, s.Addr().String())
	release <- struct{}{}
	if res := ask(t, kept); res.Close {
		t.Error("an answer before the stop ends its connection")
	}
	<-entered
	answer := make(chan *http.Response)
	go func() { answer <- ask(t, under) }()
	<-entered

	ended := stopping(t, edge, stop)
	for range 3 {
		release <- struct{}{}
	}
	for name, res := range map[string]*http.Response{
		"under way": <-answer, "kept alive": ask(t, kept), "new": ask(t, dial(t, s.Addr().String())),
	} {
		if res.StatusCode != 200 || !res.Close {
			t.Errorf("%s: %d, close %v; want 200 and the end", name, res.StatusCode, res.Close)
		}
	}
	<-ended
}

func TestWhoAsksAfterGraceIsToldWhenToTryAgain(t *testing.T) {
	t.Parallel()
	edge := httpd.New(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), httpd.Config{})
	s := listen(t, edge, nil)
	stop := run(t, s)
	c := dial(t, s.Addr().String())
	ended := stopping(t, edge, stop)
	awaitRefusal(t, s.Addr().String())
	res := ask(t, c)
	if res.StatusCode != 503 || res.Header.Get("Retry-After") != "1" || !res.Close {
		t.Errorf("%d, Retry-After %q, close %v; want 503, 1 and the end", res.StatusCode, res.Header.Get("Retry-After"), res.Close)
	}
	<-ended
}

// awaitRefusal returns when nobody listens on addr any more.
func awaitRefusal(t *testing.T, addr string) {
	t.Helper()
	for start := time.Now(); time.Since(start) < 5*time.Second; {
		c, err := net.DialTimeout("tcp", addr, 50*time.Millisecond)
		if err == nil {
			c.Close()
		} else if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
	}
	t.Fatal("the listener does not close")
}

func TestAStopCutsWhatOutlastsItsLimit(t *testing.T) {
	t.Parallel()
	log := &journal{}
	entered := make(chan struct{})
	edge := httpd.New(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}), httpd.Config{Log: log.logger()})
	s := listen(t, edge, nil)
	s.Limit = 600 * time.Millisecond
	stop := run(t, s)
	c := dial(t, s.Addr().String())
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	<-entered
	start := time.Now()
	stop()
	if took := time.Since(start); took < s.Limit || took > s.Limit+5*time.Second {
		t.Errorf("stopped after %v, want about %v", took, s.Limit)
	}
	if all := answers(t, c); len(all) != 0 {
		t.Errorf("%d answers, want a cut connection", len(all))
	}
	if n := len(log.lines(t, "requests cut: draining took too long")); n != 1 {
		t.Errorf("%d warnings, want 1: %s", n, log)
	}
}

func TestAnAddressInUseIsAnError(t *testing.T) {
	t.Parallel()
	edge := httpd.New(http.NotFoundHandler(), httpd.Config{})
	s := listen(t, edge, nil)
	run(t, s)
	if _, err := httpd.Listen(s.Addr().String(), edge, nil); err == nil {
		t.Error("no error")
	}
}
