package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tryout/internal/tlstest"
)

func TestATokenIsGoodAtOnceAndDeadWithinASecondOfItsRevocation(t *testing.T) {
	t.Parallel()
	p := newSite(t, openInbox(t).Addr().String()).serve()
	token := p.beside("token", "create", "--vendor", "V1", "--scope", "alexa::ask:skills:read")["access_token"].(string)
	status := func() int {
		resp, _ := p.get(p.request(token, "GET", "/v1/vendors", ""))
		return resp.StatusCode
	}
	if got := status(); got != 200 {
		t.Fatalf("a token just issued: got %d, want 200", got)
	}
	p.beside("token", "revoke", token)
	revoked := time.Now()
	until(t, "401", func() bool { return status() == 401 })
	if took := time.Since(revoked); took > time.Second {
		t.Errorf("a revoked token was good for %v more", took)
	}
}

func TestTheOperatorsPagesAreOnTheirAddressOnly(t *testing.T) {
	t.Parallel()
	p := newSite(t, openInbox(t).Addr().String()).serve()
	for path, want := range map[string]string{"/livez": "ok", "/readyz": "ok", "/metrics": "tryout_http_requests_in_flight "} {
		if status, body := p.operators(path); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s for operators: got %d %.100q, want 200 with %q", path, status, body, want)
		}
		resp, body := p.ask("GET", path, "")
		if resp.StatusCode != 404 || !strings.Contains(body, `"code":"RESOURCE_NOT_FOUND"`) {
			t.Errorf("%s for the public: got %d %.100q, want 404 in JSON", path, resp.StatusCode, body)
		}
	}
}

func TestRequestsOverTheRateGet429AndWhenToTryAgain(t *testing.T) {
	t.Parallel()
	p := newSite(t, openInbox(t).Addr().String()).serve("--rate", "2")
	var refused atomic.Int64
	var clients sync.WaitGroup
	for range 20 {
		clients.Go(func() {
			resp, body := p.ask("GET", "/v1/vendors", "")
			if resp.StatusCode == 200 {
				return
			}
			refused.Add(1)
			if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "1" || !strings.Contains(body, `"code":"TOO_MANY_REQUESTS"`) {
				t.Errorf("got %d, Retry-After %q, %s; want 429 and 1", resp.StatusCode, resp.Header.Get("Retry-After"), body)
			}
		})
	}
	clients.Wait()
	if refused.Load() == 0 {
		t.Error("20 requests at once passed a rate of 2 a second")
	}
}

func TestRequestsOverTheInFlightCapGet503AndWhenToTryAgain(t *testing.T) {
	t.Parallel()
	p := newSite(t, openInbox(t).Addr().String()).serve("--max-in-flight", "1")
	p.startTest()
	body, rest := io.Pipe()
	held := p.request(p.token, "POST", tests+"/testers/add", "")
	held.Body, held.ContentLength = body, -1
	done := make(chan int)
	go func() {
		resp, _ := p.get(held)
		done <- resp.StatusCode
	}()
	until(t, "a request in flight", func() bool {
		_, metrics := p.operators("/metrics")
		return strings.Contains(metrics, "\ntryout_http_requests_in_flight 1\n")
	})
	resp, text := p.ask("GET", tests, "")
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || !strings.Contains(text, `"code":"SERVICE_UNAVAILABLE"`) {
		t.Errorf("got %d, Retry-After %q, %s; want 503", resp.StatusCode, resp.Header.Get("Retry-After"), text)
	}
	io.WriteString(rest, addBody("ann@example.com"))
	rest.Close()
	if status := <-done; status != 204 {
		t.Errorf("the request in flight got %d, want 204", status)
	}
	p.must(200, "GET", tests, "")
}

func TestARenewedCertificateIsServedWithoutARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	roots := x509.NewCertPool()
	writeCertificate(t, roots, 1, cert, key)
	p := newSite(t, openInbox(t).Addr().String()).serve("--tls-cert", cert, "--tls-key", key)
	p.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}
	serial := func() int64 {
		resp, _ := p.ask("GET", "/v1/vendors", "")
		return resp.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	if got := serial(); got != 1 || !strings.HasPrefix(p.url, "https://") {
		t.Fatalf("certificate %d at %s, want 1 over https", got, p.url)
	}
	writeCertificate(t, roots, 2, cert, key)
	until(t, "the new certificate", func() bool { return serial() == 2 })
}

// writeCertificate makes a certificate for the loopback that roots trusts.
func writeCertificate(t *testing.T, roots *x509.CertPool, serial int64, certFile, keyFile string) {
	t.Helper()
	c := tlstest.New(t, tlstest.Subject{Serial: serial, IP: "127.0.0.1"})
	c.Trust(t, roots)
	certificate, key := c.PEM(t)
	for file, text := range map[string][]byte{certFile: certificate, keyFile: key} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// What no log may hold is looked for at the end of every server.
func TestTheLogHasALineForEachRequestAndNothingPersonal(t *testing.T) {
	t.Parallel()
	box := openInbox(t)
	p := newSite(t, box.Addr().String()).serve()
	p.startTest()
	p.add("ann@example.com")
	p.must(200, "GET", tests+"/testers?maxResults=7", "")
	p.must(400, "POST", tests+"/testers/add", addBody("ann@@example.com"))
	p.must(404, "GET", "/v1/ann@example.com", "")
	p.must(405, "PATCH", tests, "")
	p.must(200, "GET", "/x"+strings.TrimSuffix(tests, "/betaTest")+"/entitlements/ann@example.com", "")
	p.get(p.request("Atza|wrong", "GET", tests, ""))
	mail, err := box.Next(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`/i/\S+`).FindString(mail.Text)
	p.must(200, "GET", link, "")
	p.must(200, "POST", link+"/accept", "")
	p.stop()

	var got []string
	for _, r := range p.log.records("request") {
		got = append(got, r["route"].(string))
		if r["request_id"] == "" || r["status"] == nil || r["client"] != "127.0.0.1" {
			t.Errorf("a line without what it should say: %v", r)
		}
	}
	const skill = "/v1/skills/{skillId}/betaTest"
	want := []string{
		"POST " + skill, "POST " + skill + "/start", "POST " + skill + "/testers/add", "GET " + skill + "/testers",
		"POST " + skill + "/testers/add", "", "", "GET /x/v1/skills/{skillId}/entitlements/{emailId}", "GET " + skill,
		"GET /i/{link}", "POST /i/{link}/accept", "GET /i/{link}",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("the routes are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if strings.Contains(p.log.String(), link) {
		t.Error("a personal link stands in the log")
	}
}
