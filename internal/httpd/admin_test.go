package httpd_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"tryout/internal/httpd"

	"github.com/prometheus/client_golang/prometheus"
)

func TestReadinessTellsItsReasonAndLivenessDoesNotDependOnIt(t *testing.T) {
	t.Parallel()
	var away error
	admin := httpd.Admin(func(context.Context) error { return away }, prometheus.NewRegistry())
	ask := func(target string) (int, string) {
		w := httptest.NewRecorder()
		admin.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	for _, test := range []struct {
		err    error
		target string
		code   int
		text   string
	}{
		{nil, "/readyz", 200, "ok"},
		{nil, "/livez", 200, "ok"},
		{errors.New("database away"), "/readyz", 503, "database away"},
		{errors.New("database away"), "/livez", 200, "ok"},
	} {
		away = test.err
		if code, text := ask(test.target); code != test.code || text != test.text {
			t.Errorf("%s with %v: %d %q, want %d %q", test.target, test.err, code, text, test.code, test.text)
		}
	}
}
