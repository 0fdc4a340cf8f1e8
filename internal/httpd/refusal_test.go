package httpd_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"tryout/internal/httpd"
)

func TestWhatTheLibraryRefusesIsAnsweredInJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, raw string
		want      int
	}{
		{"nonsense", "nonsense\r\n\r\n", 400},
		{"no host", "GET / HTTP/1.1\r\n\r\n", 400},
		{"bad host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
		{"bad header name", "GET / HTTP/1.1\r\nHost: x\r\nBad Name: x\r\n\r\n", 400},
		{"bad header value", "GET / HTTP/1.1\r\nHost: x\r\nName: \x01\r\n\r\n", 400},
		{"two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
		{"bad target", "GET /% HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"unmet expectation", "GET / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n", 417},
		{"long header", "GET / HTTP/1.1\r\nHost: x\r\nName: " + strings.Repeat("a", 21<<10) + "\r\n\r\n", 431},
		{"strange coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
		{"strange version", "GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505},
	}
	addr, log := served(t, func(http.ResponseWriter, *http.Request) {}, httpd.Config{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			all := say(t, addr, test.raw)
			if len(all) != 1 {
				t.Fatalf("%d answers, want 1", len(all))
			}
			body, want := bodyOf(t, all[0]), string(failBody(test.want))
			if all[0].StatusCode != test.want || body != want || !all[0].Close {
				t.Errorf("%d %q, want %d %q and the end", all[0].StatusCode, body, test.want, want)
			}
			if got := all[0].Header.Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type %q", got)
			}
			if id := all[0].Header.Get(idHeader); !uuid4.MatchString(id) || !strings.Contains(log.String(), id) {
				t.Errorf("id %q, want a UUID that is in the log", id)
			}
		})
	}
}

func TestAPageThatQuotesARefusalIsLeftAlone(t *testing.T) {
	t.Parallel()
	const quote = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
	addr, _ := served(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(quote)))
		_ = http.NewResponseController(w).Flush() // the page begins a Write of its own
		_, _ = io.WriteString(w, quote)
	}, httpd.Config{})
	if body := bodyOf(t, get(t, addr, "/")); body != quote {
		t.Errorf("got %q, want %q", body, quote)
	}
}

func TestARefusalAfterAnAnswerOnTheSameConnectionIsJSONToo(t *testing.T) {
	t.Parallel()
	addr, _ := served(t, func(http.ResponseWriter, *http.Request) {}, httpd.Config{})
	all := say(t, addr, "GET / HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n")
	if len(all) != 2 || all[1].Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d answers, want the second in JSON: %v", len(all), all)
	}
}

func TestAHandlersOwn417IsLeftAlone(t *testing.T) {
	t.Parallel()
	addr, _ := served(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusExpectationFailed)
		_, _ = io.WriteString(w, "mine")
	}, httpd.Config{})
	if body := bodyOf(t, get(t, addr, "/")); body != "mine" {
		t.Errorf("body %q, want the handler's", body)
	}
}
