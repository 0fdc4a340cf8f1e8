package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/smtp"
	"net/textproto"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tryout/internal/inbox"
)

const bounceDomain = "bounces.tryout.test"

// dsn is what a mail server returns of a message that it could not deliver.
func dsn(m inbox.Received, status, diagnostic string) string {
	return "From: <MAILER-DAEMON@mx.example>\r\nTo: <" + m.From + ">\r\nSubject: Undelivered\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\nMIME-Version: 1.0\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n" +
		"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n" +
		"Final-Recipient: rfc822; " + m.To[0] + "\r\nAction: failed\r\nStatus: " + status + "\r\nRemote-MTA: dns; mx.example\r\nDiagnostic-Code: smtp; " + diagnostic + "\r\n\r\n" +
		"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nReturn-Path: <" + m.From + ">\r\nMessage-ID: " + m.Header.Get("Message-ID") + "\r\n\r\n--b--\r\n"
}

// give hands a returned message to a listener, again while it is told to wait.
func give(t *testing.T, addr, to, message string) error {
	t.Helper()
	var err error
	until(t, "an answer but 451", func() bool {
		err = smtp.SendMail(addr, nil, "mailer-daemon@mx.example", []string{to}, []byte(message))
		var reply *textproto.Error
		return !errors.As(err, &reply) || reply.Code != 451
	})
	return err
}

// mailed adds a tester and returns the mail that they get.
func (p *server) mailed(box *inbox.Inbox, address string) inbox.Received {
	p.t.Helper()
	n := len(box.Messages())
	p.add(address)
	m, err := box.Next(p.t.Context(), n)
	if err != nil {
		p.t.Fatal(err)
	}
	return m
}

func (s *site) why(address string) string {
	s.t.Helper()
	return s.text("why", address, "--skill", hush)
}

// wantWhy waits until the story of an address has words in it: what is settled
// is told a moment after it was sent.
func (s *site) wantWhy(address string, words ...string) {
	s.t.Helper()
	for _, w := range words {
		got := ""
		for begun := time.Now(); !strings.Contains(got, w); time.Sleep(5 * time.Millisecond) {
			if got = s.why(address); time.Since(begun) > soon {
				s.t.Fatalf("%s: want %q in\n%s", address, w, got)
			}
		}
	}
}

func TestAMailThatComesBackIsToldAndHeeded(t *testing.T) {
	t.Parallel()
	box := openInbox(t)
	p := newSite(t, box.Addr().String()).serve("--bounce-domain", bounceDomain, "--bounce-listen", "127.0.0.1:0", "--remind-every", "1ms")
	addr := p.log.await(t, "listening for returned mail")["addr"].(string)
	p.startTest()
	m := p.mailed(box, "ann@x.test")
	if !strings.HasPrefix(m.From, "b+") || !strings.HasSuffix(m.From, "@"+bounceDomain) || !strings.Contains(m.Header.Get("From"), "beta@tryout.test") {
		t.Errorf("the return path is %q, the sender %q", m.From, m.Header.Get("From"))
	}
	for range 2 {
		if err := give(t, addr, m.From, dsn(m, "5.1.1", "550 5.1.1 no such user")); err != nil {
			t.Fatal(err)
		}
	}
	p.wantWhy("ann@x.test", `The invitation came back, says mx.example: "550 5.1.1 no such user".`, "The relay told of it; not mailed from now on",
		"Next: nothing by itself; the address had refused our mail for good.")
	if got := strings.Count(p.why("ann@x.test"), "came back"); got != 1 {
		t.Errorf("the same twice is told %d times", got)
	}
	if list := p.must(200, "GET", tests+"/testers", ""); !strings.Contains(list, `"isReminderAllowed":false`) {
		t.Errorf("got %s, want no reminder allowed", list)
	}
	p.text("allow", "ann@x.test", "--skill", hush)
	if list := p.must(200, "GET", tests+"/testers", ""); !strings.Contains(list, `"isReminderAllowed":true`) {
		t.Errorf("once allowed: got %s, want a reminder allowed", list)
	}
	p.text("resend", "ann@x.test", "--skill", hush)
	again, err := box.Next(t.Context(), m.ID)
	if err != nil || again.From != m.From || again.Header.Get("Message-ID") != m.Header.Get("Message-ID") {
		t.Errorf("sent again: got %q %q, %v", again.From, again.Header.Get("Message-ID"), err)
	}
}

func TestAForgedReturnPathChangesNothing(t *testing.T) {
	t.Parallel()
	box := openInbox(t)
	p := newSite(t, box.Addr().String()).serve("--bounce-domain", bounceDomain, "--bounce-listen", "127.0.0.1:0")
	addr := p.log.await(t, "listening for returned mail")["addr"].(string)
	p.startTest()
	ann, ben := p.mailed(box, "ann@x.test"), p.mailed(box, "ben@x.test")
	p.wantWhy("ben@x.test", "was taken by the relay")
	part := strings.Split(ben.From, ".")
	part[4] = strings.Split(ann.From, ".")[4]
	forged := strings.Join(part, ".")
	for _, to := range []string{forged, "beta@tryout.test", "postmaster@" + bounceDomain} {
		ben.From = to
		var reply *textproto.Error
		if err := give(t, addr, to, dsn(ben, "5.1.1", "550 5.1.1 no such user")); !errors.As(err, &reply) || reply.Code != 550 {
			t.Errorf("%s: got %v, want 550", to, err)
		}
		if code := p.pipe(dsn(ben, "5.1.1", "550 5.1.1 no such user")); code != exitNoUser {
			t.Errorf("%s, piped: got exit code %d, want %d", to, code, exitNoUser)
		}
	}
	if got := p.why("ben@x.test"); strings.Contains(got, "came back") {
		t.Errorf("got\n%s", got)
	}
}

// pipe runs tryout bounce as a mail server does, and returns its exit code.
func (s *site) pipe(message string, flags ...string) int {
	s.t.Helper()
	cmd := tryout(s.t, append(append([]string{"bounce"}, s.where...), flags...)...)
	cmd.Stdin = strings.NewReader(message)
	out, err := cmd.CombinedOutput()
	if bytes.Contains(out, []byte("@")) {
		s.t.Errorf("it prints an address: %s", out)
	}
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return ended.ExitCode()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return 0
}

func TestAMailServerCanPipeWhatComesBack(t *testing.T) {
	t.Parallel()
	box := openInbox(t)
	p := newSite(t, box.Addr().String()).serve("--bounce-domain", bounceDomain)
	p.startTest()
	m := p.mailed(box, "ann@x.test")
	p.wantWhy("ann@x.test", "was taken by the relay")
	full := dsn(m, "5.2.2", "552 5.2.2 mailbox full")
	elsewhere := strings.Replace(full, "To: <"+m.From, "To: <bounces@tryout.test", 1)
	for _, c := range []struct {
		name, message string
		flags         []string
		want          int
	}{
		{"to a stranger", full, []string{"--recipient", "bounces@tryout.test"}, exitNoUser},
		{"nobody's", strings.ReplaceAll(elsewhere, m.From, "x@tryout.test"), nil, exitNoUser},
		{"damaged", strings.Replace(full, "message/delivery-status", "message/other", 1), nil, exitDamaged},
		{"too big", full + strings.Repeat("x", 1<<20), nil, exitDamaged},
		{"no database", full, []string{"--database", "sqlite:" + filepath.Join(t.TempDir(), "none")}, exitTryAgain},
		{"a wrong command", full, []string{"--recipients", "x"}, exitTryAgain},
		{"another master key", full, []string{"--master-key", strings.Repeat("1", 64)}, exitTryAgain},
		{"no report", "From: a@b.example\r\n\r\nI am on holiday.\r\n", nil, 0},
		{"by our message in it", elsewhere, nil, 0},
		{"by its header", full, nil, 0},
		{"by what the server says", strings.ReplaceAll(elsewhere, m.From, "x@tryout.test"), []string{"--recipient", strings.ToUpper(m.From)}, 0},
	} {
		if code := p.pipe(c.message, c.flags...); code != c.want {
			t.Errorf("%s: got exit code %d, want %d", c.name, code, c.want)
		}
		told := strings.Contains(p.why("ann@x.test"), "mailbox full")
		if want := strings.HasPrefix(c.name, "by "); told != want {
			t.Errorf("%s: told %v, want %v", c.name, told, want)
		}
	}
	p.wantWhy("ann@x.test", "To send it again: tryout resend.")
}

const (
	eventsKey = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
	sesSecret = "0123456789abcdef"
)

// relays posts to a path of the returns without a token.
func (p *server) relays(path, body string, headers ...string) (status int, answer string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+"/x/v1/returns/"+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, answer := p.get(req)
	return resp.StatusCode, answer
}

// signed is the header of a post of our own form.
func signed(body string) []string {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(eventsKey, "whsec_"))
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, key)
	io.WriteString(mac, "id."+stamp+"."+body)
	return []string{"webhook-id", "id", "webhook-timestamp", stamp, "webhook-signature", "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))}
}

func TestARelayCanPostWhatBecameOfMail(t *testing.T) {
	t.Parallel()
	box := openInbox(t)
	p := newSite(t, box.Addr().String()).serve("--returns-events-key", eventsKey, "--returns-ses-secret", sesSecret)
	p.startTest()
	m := p.mailed(box, "ann@x.test")
	if m.From != "beta@tryout.test" {
		t.Errorf("without a bounce domain the return path is %q", m.From)
	}
	p.wantWhy("ann@x.test", "was taken by the relay")
	id := strings.Trim(m.Header.Get("Message-ID"), "<>")
	body := fmt.Sprintf(`{"events":[{"type":"delivered","messageId":%q,"code":250},{"type":"delivered","messageId":"other@x.test"},
		{"type":"complaint","messageId":%q},{"type":"permanent","recipient":"ann@x.test"}]}`, id, id)
	for range 2 {
		if status, answer := p.relays("events", body, signed(body)...); status != 200 || answer != `{"taken":2,"unknown":2}` {
			t.Fatalf("got %d %s", status, answer)
		}
	}
	p.wantWhy("ann@x.test", `The invitation arrived, says webhook events: "250".`, "The invitation was reported as spam, says webhook events.",
		"Should they say otherwise: tryout allow.")
	if _, metrics := p.operators("/metrics"); !strings.Contains(metrics, `tryout_returns_total{outcome="unknown",via="events"} 4`) {
		t.Error("the unknown ones are not counted")
	}
	bounce := fmt.Sprintf(`{"notificationType":"Bounce","mail":{"commonHeaders":{"messageId":%q}},
		"bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"ann@x.test","diagnosticCode":"smtp; 550 5.1.1 unknown"}]}}`, id)
	if status, answer := p.relays("ses/"+sesSecret, bounce, "Content-Type", "text/plain"); status != 200 || answer != `{"taken":1,"unknown":0}` {
		t.Fatalf("ses: got %d %s", status, answer)
	}
	p.wantWhy("ann@x.test", `came back, says webhook ses: "550 5.1.1 unknown".`)
}

// SendGrid signs time and body, Mailgun a time and a token in the body.
func TestThePostsOfRelaysThatSignAreTaken(t *testing.T) {
	t.Parallel()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	box := openInbox(t)
	p := newSite(t, box.Addr().String()).serve("--returns-sendgrid-key", base64.StdEncoding.EncodeToString(der), "--returns-mailgun-key", sesSecret)
	p.startTest()
	m := p.mailed(box, "ann@x.test")
	p.wantWhy("ann@x.test", "was taken by the relay")
	id := strings.Trim(m.Header.Get("Message-ID"), "<>")
	stamp := strconv.FormatInt(time.Now().Unix(), 10)

	events := fmt.Sprintf(`[{"event":"deferred","email":"ann@x.test","smtp-id":"<%s>","response":"450 4.2.1 busy"}]`, id)
	hash := sha256.Sum256([]byte(stamp + events))
	signature, err := ecdsa.SignASN1(rand.Reader, private, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	sendGrid := []string{"X-Twilio-Email-Event-Webhook-Timestamp", stamp, "X-Twilio-Email-Event-Webhook-Signature", base64.StdEncoding.EncodeToString(signature)}
	mailgun := func(key string) string {
		mac := hmac.New(sha256.New, []byte(key))
		io.WriteString(mac, stamp+"token")
		return fmt.Sprintf(`{"signature":{"timestamp":%q,"token":"token","signature":"%x"},"event-data":{"event":"complained","recipient":"ann@x.test","message":{"headers":{"message-id":%q}}}}`,
			stamp, mac.Sum(nil), id)
	}
	for _, c := range []struct {
		path, body string
		headers    []string
		want       int
	}{
		{"sendgrid", events, nil, 401},
		{"sendgrid", events + " ", sendGrid, 401},
		{"mailgun", mailgun("another key of Mailgun's"), nil, 401},
		{"sendgrid", events, sendGrid, 200},
		{"mailgun", mailgun(sesSecret), nil, 200},
	} {
		status, answer := p.relays(c.path, c.body, c.headers...)
		if status != c.want || status == 200 && answer != `{"taken":1,"unknown":0}` {
			t.Errorf("%s: got %d %s, want %d", c.path, status, answer, c.want)
		}
		if why := p.why("ann@x.test"); status == 401 && strings.Contains(why, "webhook") {
			t.Errorf("%s: refused, and told all the same:\n%s", c.path, why)
		}
	}
	p.wantWhy("ann@x.test", `has not arrived yet, says webhook sendgrid: "450 4.2.1 busy".`, "reported as spam, says webhook mailgun.", "not mailed from now on: they reported our mail as spam.")
}

func TestAPostWithoutProofIsRefused(t *testing.T) {
	t.Parallel()
	p := newSite(t, openInbox(t).Addr().String()).serve("--returns-events-key", eventsKey, "--returns-ses-secret", sesSecret,
		"--returns-postmark-secret", sesSecret, "--returns-mailgun-key", sesSecret)
	const empty = `{"events":[]}`
	confirm := `{"Type":"SubscriptionConfirmation","TopicArn":"arn:aws:sns:eu-west-1:1:t","SubscribeURL":"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription"}`
	password := func(s string) []string {
		return []string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("any:"+s))}
	}
	for _, c := range []struct {
		path, body string
		headers    []string
		status     int
	}{
		{"events", empty, signed(empty), 200},
		{"events", empty, nil, 401},
		{"events", empty + " ", signed(empty), 401},
		{"events", empty, []string{"Authorization", "Bearer " + p.token}, 401},
		{"events", "{", signed("{"), 400},
		{"ses/" + sesSecret, confirm, nil, 200},
		{"ses/" + sesSecret, "{", nil, 400},
		{"ses/" + sesSecret[1:], confirm, nil, 401},
		{"ses", confirm, nil, 401},
		{"postmark", `{"RecordType":"Open"}`, password(sesSecret), 200},
		{"postmark", `{"RecordType":"Open"}`, password("wrong"), 401},
		{"postmark/" + sesSecret, `{"RecordType":"Open"}`, password("wrong"), 200},
		{"mailgun", `{"signature":{},"event-data":{"event":"opened"}}`, nil, 401},
		{"sendgrid", "[]", nil, 404}, // not set up
		{"other", "{}", nil, 404},
	} {
		if status, answer := p.relays(c.path, c.body, c.headers...); status != c.status {
			t.Errorf("%s %s: got %d %s, want %d", c.path, c.body, status, answer, c.status)
		}
	}
	if r := p.log.await(t, "SNS asks whether its posts are wanted: open the address to say so"); !strings.HasPrefix(r["confirm"].(string), "https://sns.") {
		t.Errorf("the log says %v", r)
	}
}
