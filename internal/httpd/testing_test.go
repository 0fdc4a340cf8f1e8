package httpd_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"tryout/internal/httpd"
)

// journal is a log that can be read while it is written.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

func (j *journal) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(j, nil)) }

// lines returns the log lines with the message msg.
func (j *journal) lines(t *testing.T, msg string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for text := range strings.Lines(j.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("log line %q: %v", text, err)
		}
		if line["msg"] == msg {
			found = append(found, line)
		}
	}
	return found
}

func failBody(status int) []byte { return fmt.Appendf(nil, `{"code":"EDGE_%d"}`, status) }

// served starts h behind an edge on a free port, with short deadlines to stop, and stops it when the test ends.
func served(t *testing.T, h http.HandlerFunc, c httpd.Config) (addr string, log *journal) {
	t.Helper()
	log = &journal{}
	c.Log, c.Fail = log.logger(), failBody
	s := listen(t, httpd.New(h, c), nil)
	run(t, s)
	return s.Addr().String(), log
}

func listen(t *testing.T, e *httpd.Edge, certs *httpd.Certificates) *httpd.Server {
	t.Helper()
	s, err := httpd.Listen("127.0.0.1:0", e, certs)
	if err != nil {
		t.Fatal(err)
	}
	s.Grace = time.Millisecond
	return s
}

// run serves until the returned function is called or the test ends; the function waits for the end of it.
func run(t *testing.T, s *httpd.Server) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve = %v, want nil", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// say sends raw bytes on a connection of their own and returns the answers up to the server's close.
func say(t *testing.T, addr, raw string) []*http.Response {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, raw); err != nil {
		t.Fatal(err)
	}
	return answers(t, c)
}

// answers reads whole answers from c until it ends. Each Body is in memory.
func answers(t *testing.T, c net.Conn) []*http.Response {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var all []*http.Response
	r := bufio.NewReader(c)
	for {
		if _, err := r.Peek(1); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the server does not end the connection")
			}
			return all
		}
		all = append(all, readAnswer(t, r))
	}
}

func readAnswer(t *testing.T, r *bufio.Reader) *http.Response {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res
}

func bodyOf(t *testing.T, res *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// get asks with Connection: close and returns the one answer.
func get(t *testing.T, addr, target string) *http.Response {
	t.Helper()
	all := say(t, addr, "GET "+target+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if len(all) != 1 {
		t.Fatalf("GET %s: %d answers, want 1", target, len(all))
	}
	return all[0]
}
