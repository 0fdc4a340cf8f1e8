package httpd_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/httpd"

	"github.com/prometheus/client_golang/prometheus"
)

const idHeader = "x-amzn-requestid"

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestEveryAnswerCarriesAFreshRequestID(t *testing.T) {
	t.Parallel()
	addr, log := served(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, httpd.RequestID(r.Context()))
	}, httpd.Config{})
	raw := "GET / HTTP/1.1\r\nHost: x\r\nX-Amzn-RequestId: mine\r\n"
	all := say(t, addr, raw+"\r\n"+raw+"Connection: close\r\n\r\n")
	if len(all) != 2 {
		t.Fatalf("%d answers, want 2", len(all))
	}
	first, second := all[0].Header.Get(idHeader), all[1].Header.Get(idHeader)
	if !uuid4.MatchString(first) || !uuid4.MatchString(second) || first == second {
		t.Errorf("ids %q and %q, want two different UUIDs of version 4", first, second)
	}
	if body := bodyOf(t, all[0]); body != first {
		t.Errorf("RequestID = %q, header %q", body, first)
	}
	if got := log.lines(t, "request")[0]["request_id"]; got != first {
		t.Errorf("logged id %q, header %q", got, first)
	}
}

func TestAFlushedAnswerCarriesItsRequestIDToo(t *testing.T) {
	t.Parallel()
	addr, _ := served(t, func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
	}, httpd.Config{})
	if id := get(t, addr, "/").Header.Get(idHeader); !uuid4.MatchString(id) {
		t.Errorf("id %q", id)
	}
}

func TestAnEarlyHintIsNotTheAnswer(t *testing.T) {
	t.Parallel()
	addr, log := served(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusAccepted)
	}, httpd.Config{})
	all := say(t, addr, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if len(all) != 2 || all[0].StatusCode != 103 || all[1].StatusCode != 202 {
		t.Errorf("answers %v, want 103, then 202", all)
	}
	if got := log.lines(t, "request")[0]["status"]; got != 202. {
		t.Errorf("logged %v, want 202", got)
	}
}

func TestARequestLeavesOneLogLineWithoutTheClientsWords(t *testing.T) {
	t.Parallel()
	addr, log := served(t, func(w http.ResponseWriter, r *http.Request) {
		httpd.Route(r.Context(), "POST /things/{id}")
		httpd.Note(r.Context(), slog.Int("added", 3))
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "12345")
	}, httpd.Config{})
	say(t, addr, "EVIL-joe HTTP/1.1\r\n\r\n")
	say(t, addr, "SPY-joe /things/joe@example.com?q=joe%0a HTTP/1.1\r\nHost: joe\r\nUser-Agent: joe\r\nConnection: close\r\n\r\n")

	if text := log.String(); strings.Contains(text, "joe") {
		t.Errorf("the client's words in the log: %s", text)
	}
	lines := log.lines(t, "request")
	if len(lines) != 2 {
		t.Fatalf("%d lines, want one for each request: %v", len(lines), lines)
	}
	want := map[string]any{
		"method": "OTHER", "route": "POST /things/{id}", "status": 202., "bytes": 5.,
		"client": "127.0.0.1", "added": 3., "level": "INFO",
	}
	for key, value := range want {
		if lines[1][key] != value {
			t.Errorf("%s = %v, want %v", key, lines[1][key], value)
		}
	}
	if ms, ok := lines[1]["duration_ms"].(float64); !ok || ms < 0 {
		t.Errorf("duration_ms = %v", lines[1]["duration_ms"])
	}
}

func TestOutsideOfARequestThereIsNothingToNote(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	httpd.Note(ctx, slog.Int("n", 1))
	httpd.Route(ctx, "GET /")
	if id := httpd.RequestID(ctx); id != "" {
		t.Errorf("RequestID = %q, want none", id)
	}
}

func TestAPanicIsAnsweredAndTheServerLivesOn(t *testing.T) {
	t.Parallel()
	addr, log := served(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Set-Cookie", "half=done")
		w.Header().Set("Content-Length", "3")
		panic("boom")
	}, httpd.Config{})
	for range 2 {
		res := get(t, addr, "/")
		if body := bodyOf(t, res); res.StatusCode != 500 || body != `{"code":"EDGE_500"}` {
			t.Errorf("%d %q, want 500 and its JSON", res.StatusCode, body)
		}
		if res.Header.Get("Content-Type") != "application/json" || res.Header.Get("Set-Cookie") != "" {
			t.Errorf("header %v, want JSON's and nothing of the handler's", res.Header)
		}
		line := log.lines(t, "panic")[0]
		if line["panic"] != "boom" || line["level"] != "ERROR" || !strings.Contains(line["stack"].(string), "edge_test.go") {
			t.Errorf("logged %v", line)
		}
		if id := res.Header.Get(idHeader); id != log.lines(t, "request")[len(log.lines(t, "request"))-1]["request_id"] {
			t.Errorf("id %q is not in the log", id)
		}
	}
}

func TestAPanicInMidAnswerCutsTheConnection(t *testing.T) {
	t.Parallel()
	addr, log := served(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic("boom")
	}, httpd.Config{})
	res, err := http.Get("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("read %q, %v; want an unexpected end", body, err)
	}
	if len(log.lines(t, "panic")) != 1 || len(log.lines(t, "request")) != 1 {
		t.Errorf("log: %s", log)
	}
}

func TestErrAbortHandlerIsNoPanic(t *testing.T) {
	t.Parallel()
	addr, log := served(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, httpd.Config{})
	if all := say(t, addr, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); len(all) != 0 {
		t.Errorf("%d answers, want a cut connection", len(all))
	}
	if len(log.lines(t, "panic")) != 0 || len(log.lines(t, "request")) != 1 {
		t.Errorf("log: %s", log)
	}
}

func TestARequestTargetOver8KiBIs414(t *testing.T) {
	t.Parallel()
	addr, _ := served(t, func(http.ResponseWriter, *http.Request) {}, httpd.Config{})
	for length, want := range map[int]int{8192: 200, 8193: 414} {
		res := get(t, addr, "/"+strings.Repeat("a", length-1))
		if res.StatusCode != want {
			t.Errorf("%d bytes: %d, want %d", length, res.StatusCode, want)
		}
		if body := bodyOf(t, res); want == 414 && body != `{"code":"EDGE_414"}` {
			t.Errorf("body %q", body)
		}
	}
}

func TestABodyOverTheCapCannotBeRead(t *testing.T) {
	t.Parallel()
	addr, _ := served(t, func(w http.ResponseWriter, r *http.Request) {
		var tooLarge *http.MaxBytesError
		if _, err := io.ReadAll(r.Body); errors.As(err, &tooLarge) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	}, httpd.Config{MaxBody: 4})
	for body, want := range map[string]int{"1234": 200, "12345": 413} {
		res, err := http.Post("http://"+addr, "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%q: %d, want %d", body, res.StatusCode, want)
		}
	}
}

func TestDoubtfulFramingEndsTheConnection(t *testing.T) {
	t.Parallel()
	const hidden = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	tests := map[string]string{
		"both lengths": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
		"chunked":      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
		"HTTP/1.0":     "POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + hidden,
	}
	for name, raw := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr, log := served(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }, httpd.Config{})
			all := say(t, addr, raw)
			if len(all) != 1 || !all[0].Close {
				t.Errorf("%d answers, want a single one with Connection: close", len(all))
			}
			if n := len(log.lines(t, "request")); n != 1 {
				t.Errorf("%d requests served, want 1", n)
			}
		})
	}
}

func TestOverTheCapOneWaitsASecondAndTheNextIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun, release := make(chan struct{}), make(chan struct{})
		edge := httpd.New(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			begun <- struct{}{}
			<-release
		}), httpd.Config{MaxInFlight: 1, Fail: failBody})
		ask := func() *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			edge.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			return w
		}
		go ask()
		<-begun

		start := time.Now()
		waited := make(chan time.Duration)
		go func() {
			if w := ask(); w.Code != 503 || w.Header().Get("Retry-After") != "1" || w.Body.String() != `{"code":"EDGE_503"}` {
				t.Errorf("%d %v %s, want 503 with Retry-After: 1", w.Code, w.Header(), w.Body)
			}
			waited <- time.Since(start)
		}()
		synctest.Wait()
		if w := ask(); w.Code != 503 || time.Since(start) != 0 {
			t.Errorf("the next: %d after %v, want 503 at once", w.Code, time.Since(start))
		}
		if got := <-waited; got != time.Second {
			t.Errorf("refused after %v, want 1s", got)
		}
		close(release)
	})
}

func TestAWaitingRequestGetsThePlaceThatComesFree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		edge := httpd.New(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }), httpd.Config{MaxInFlight: 1})
		codes := make(chan int)
		for range 2 {
			go func() {
				w := httptest.NewRecorder()
				edge.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
				codes <- w.Code
			}()
		}
		synctest.Wait()
		for range 2 {
			release <- struct{}{}
			if code := <-codes; code != 200 {
				t.Errorf("%d, want 200", code)
			}
		}
	})
}

func TestARequestHasADeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		edge := httpd.New(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), httpd.Config{})
		edge.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		if got := time.Since(start); got != 20*time.Second {
			t.Errorf("context ended after %v, want 20s", got)
		}
	})
}

func TestOnlyATrustedProxyIsBelievedAboutTheClient(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	tests := []struct {
		name, forwarded string
		trusted         []netip.Prefix
		want            string
	}{
		{"nobody trusted", "X-Forwarded-For: 192.0.2.1\r\n", nil, "127.0.0.1"},
		{"peer not trusted", "X-Forwarded-For: 192.0.2.1\r\n", proxies[1:], "127.0.0.1"},
		{"no header", "", proxies, "127.0.0.1"},
		{"right-most stranger", "X-Forwarded-For: 192.0.2.9, 192.0.2.1, 10.1.2.3\r\n", proxies, "192.0.2.1"},
		{"two headers", "X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-For: 192.0.2.1\r\n", proxies, "192.0.2.1"},
		{"with port", "X-Forwarded-For: [2001:db8::1]:443\r\n", proxies, "2001:db8::1"},
		{"zone is free text", "X-Forwarded-For: fe80::1%joe@example.com\r\n", proxies, "fe80::1"},
		{"mapped", "X-Forwarded-For: ::ffff:192.0.2.1\r\n", proxies, "192.0.2.1"},
		{"no address", "X-Forwarded-For: 192.0.2.1, unknown, 10.1.2.3\r\n", proxies, "10.1.2.3"},
		{"all trusted", "X-Forwarded-For: 10.0.0.1, 10.0.0.2\r\n", proxies, "10.0.0.1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			addr, log := served(t, func(http.ResponseWriter, *http.Request) {}, httpd.Config{TrustedProxies: test.trusted})
			say(t, addr, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+test.forwarded+"\r\n")
			if got := log.lines(t, "request")[0]["client"]; got != test.want {
				t.Errorf("client = %v, want %v", got, test.want)
			}
		})
	}
}

func TestMetricsCountByRouteMethodAndStatus(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	addr, _ := served(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic("boom")
		}
		httpd.Route(r.Context(), "GET /things/{id}")
	}, httpd.Config{Metrics: reg})
	get(t, addr, "/things/joe@example.com")
	get(t, addr, "/panic")
	say(t, addr, "JOE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	say(t, addr, "nonsense\r\n\r\n")

	w := httptest.NewRecorder()
	httpd.Admin(nil, reg).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	text := w.Body.String()
	for _, want := range []string{
		`tryout_http_requests_total{method="GET",route="GET /things/{id}",status="200"} 1`,
		`tryout_http_requests_total{method="GET",route="",status="500"} 1`,
		`tryout_http_requests_total{method="OTHER",route="GET /things/{id}",status="200"} 1`,
		`tryout_http_requests_total{method="OTHER",route="",status="400"} 1`,
		`tryout_http_request_duration_seconds_count{route="GET /things/{id}"} 2`,
		`tryout_http_requests_in_flight 0`,
		`tryout_http_panics_total 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if strings.Contains(strings.ToLower(text), "joe") {
		t.Errorf("the client's words among the labels:\n%s", text)
	}
}
