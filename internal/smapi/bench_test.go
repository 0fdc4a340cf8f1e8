package smapi_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tryout/internal/beta"
	"tryout/internal/httpd"
)

// BenchmarkEntitlement is a check from end to end, without a network. Beside it
// the same without a log line, what the store takes of it (the token, and who
// may), and a path that leads nowhere.
func BenchmarkEntitlement(b *testing.B) {
	s := newSite(b)
	s.running("a@x.test")
	edge := httpd.New(s.api, httpd.Config{
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Metrics: prometheus.NewRegistry(),
	})
	check := s.request("/x/v1/skills/" + skill + "/entitlements/a@x.test")
	b.Run("whole", func(b *testing.B) { benchmark(b, edge, check) })
	silent := httpd.New(s.api, httpd.Config{Metrics: prometheus.NewRegistry()})
	b.Run("unlogged", func(b *testing.B) { benchmark(b, silent, check) })
	b.Run("nowhere", func(b *testing.B) { benchmark(b, edge, s.request("/x/v1/skills/"+skill+"/nowhere")) })
	b.Run("token", func(b *testing.B) {
		for b.ReportAllocs(); b.Loop(); {
			_, err := s.access.Caller(b.Context(), check.Header)
			s.must(err)
		}
	})
	by, email := beta.Caller{Vendor: "A"}, s.tester("a@x.test").Email
	b.Run("answer", func(b *testing.B) {
		for b.ReportAllocs(); b.Loop(); {
			_, err := s.service.Entitled(b.Context(), by, skill, email)
			s.must(err)
		}
	})
}

func benchmark(b *testing.B, h http.Handler, r *http.Request) {
	w := &unread{header: http.Header{}}
	for b.ReportAllocs(); b.Loop(); clear(w.header) {
		h.ServeHTTP(w, r)
	}
}

func (s *site) request(path string) *http.Request {
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Authorization", "Bearer "+s.token)
	return r
}

// unread is a ResponseWriter whose answer nobody reads.
type unread struct{ header http.Header }

func (u *unread) Header() http.Header       { return u.header }
func (*unread) Write(b []byte) (int, error) { return len(b), nil }
func (*unread) WriteHeader(int)             {}

// BenchmarkAdd is an add of testers who are in the test already, and so what a
// body, a token and a change cost without the rows.
func BenchmarkAdd(b *testing.B) {
	for _, n := range []int{1, 500} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s := newSite(b)
			var entries []string
			for i := range n {
				entries = append(entries, fmt.Sprintf(`{"emailId":"tester-%d@x.test"}`, i))
			}
			body := `{"testers":[` + strings.Join(entries, ",") + `]}`
			s.running("a@x.test")
			r := s.request("/v1/skills/" + skill + "/betaTest/testers/add")
			r.Method = "POST"
			w := &unread{header: http.Header{}}
			for b.ReportAllocs(); b.Loop(); clear(w.header) {
				r.Body = io.NopCloser(strings.NewReader(body))
				s.api.ServeHTTP(w, r)
			}
		})
	}
}
