package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"tryout/internal/mailtest"
)

// odd is what strangers write where a name or a text goes.
var odd = []string{
	"A\r\nBcc: eve@example.org\r\n\r\nbody", "A\nBcc: eve@example.org", "A\rX-Evil: 1", "A\u0085X-Evil: 1", "A\u2028X-Evil: 1\u2029", "A\u0000",
	"=?utf-8?q?=0D=0ABcc=3A_eve=40example.org?=", "=?utf-8?b?DQpCY2M6IGV2ZUBleGFtcGxlLm9yZw==?=", "a, <eve@example.org>", `"A" <eve@example.org>`,
	"\r\n.\r\nMAIL FROM:<eve@example.org>\r\nRCPT TO:<ann@x.test>\r\nDATA\r\nx\r\n.\r\n", "\n.\n", "\r.\r", "--=_b--", "<script>alert(1)</script>", "{{.Link}}", "Ünï \u202ecod",
	strings.Repeat("x", 10<<10), strings.Repeat("é", 250), strings.Repeat("x", 255),
}

var inviteLink = regexp.MustCompile(`/i/[0-9A-Za-z_-]+`)

// notInAddress reports whether a rune cannot stand left of the @ (RFC 5322, 3.2.3).
func notInAddress(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>[]:;@\,"`, r)
}

// vendor is one of several on a server, with a skill that has a test.
type vendor struct {
	id, skill, token, contact string
	testers                   []string
}

func (v vendor) path(rest string) string {
	return "/v1/skills/" + v.skill + "/betaTest" + rest
}

// Four vendors with odd names and titles, 500 testers each, of whom 50 are
// everybody's: each message has one recipient, and nothing of anybody else.
func TestManyVendorsTestersLearnNothingOfEachOther(t *testing.T) {
	t.Parallel()
	const vendors, each, shared = 4, 500, 50
	box, watch := mailtest.Inbox(t)
	watch.Every = 10
	s := newSite(t, box.Addr().String())
	var all []vendor
	for n := range vendors {
		v := vendor{id: fmt.Sprintf("VENDOR%d", n), skill: fmt.Sprintf("skill.of.vendor%d", n), contact: fmt.Sprintf("contact@vendor%d.test", n)}
		title, name := fmt.Sprintf("Title%d \u2028<b>=?utf-8?q?x?=", n), fmt.Sprintf("Studio%d, <eve@example.org>", n)
		s.operate("vendor", "create", "--name", name, "--id", v.id)
		s.operate("skill", "create", "--vendor", v.id, "--name", title, "--id", v.skill)
		v.token = s.operate("token", "create", "--vendor", v.id)["access_token"].(string)
		for i := range each {
			if i < shared {
				v.testers = append(v.testers, fmt.Sprintf("all%d@x.test", i))
			} else {
				v.testers = append(v.testers, fmt.Sprintf("t%d@vendor%d.test", i, n))
			}
		}
		watch.Apart([]string{fmt.Sprintf("Title%d", n), fmt.Sprintf("Studio%d", n), v.id, v.skill, v.contact}, v.testers)
		all = append(all, v)
	}
	p := s.serve("--mail-from", `"Bet\\ä, <eve@example.org>" <beta@tryout.test>`, "--connections", "8")
	next := arrivals(t, box)
	for _, v := range all {
		p.as(v, 201, "POST", "", `{"feedbackEmail":"`+v.contact+`"}`)
		p.as(v, 202, "POST", "/start", "")
	}
	for _, v := range all {
		p.as(v, 204, "POST", "/testers/add", `{"testers":[{"emailId":"`+strings.Join(v.testers, `"},{"emailId":"`)+`"}]}`)
		for range each {
			next()
		}
	}
}

// as calls the API for a vendor.
func (p *server) as(v vendor, status int, method, rest, body string) {
	p.t.Helper()
	req := p.request(v.token, method, v.path(rest), body)
	if resp, answer := p.get(req); resp.StatusCode != status {
		p.t.Fatalf("%s %s: got %d %s, want %d", method, rest, resp.StatusCode, answer, status)
	}
}

// What strangers write is refused or stands in a message as text: contact
// addresses, testers' addresses, titles and names, feedback, and why they said
// no thanks.
func TestWhatStrangersWriteStaysText(t *testing.T) {
	t.Parallel()
	box, watch := mailtest.Inbox(t)
	watch.Developer("team@developer.test")
	s := newSite(t, box.Addr().String())
	p := s.serve("--ask-every", "1ms")
	next := arrivals(t, box)
	p.startTest()
	p.must(204, "PUT", tests, `{"feedbackEmail":"team@developer.test"}`)
	for n, text := range odd {
		quoted, _ := json.Marshal(text + "@x.test")
		for _, call := range []*http.Request{
			p.request(s.token, "PUT", tests, `{"feedbackEmail":`+string(quoted)+`}`),
			p.request(s.token, "POST", tests+"/testers/add", `{"testers":[{"emailId":`+string(quoted)+`}]}`),
		} {
			resp, answer := p.get(call)
			if more := strings.ContainsFunc(text, notInAddress) || len(text) > 64; resp.StatusCode == 204 == more {
				t.Errorf("%s of %.40q: got %d %s", call.Method, text, resp.StatusCode, answer)
			}
			if resp.StatusCode == 204 && call.Method == "POST" {
				next()
			}
		}
		p.must(204, "PUT", tests, `{"feedbackEmail":"team@developer.test"}`)
		address := fmt.Sprintf("t%d@x.test", n)
		p.add(address)
		invitation := inviteLink.FindString(next().Text)
		p.must(204, "POST", tests+"/testers/requestFeedback", addBody(address))
		form := formLink.FindStringSubmatch(next().Text)[1]
		for _, step := range []string{"/send", "/reason"} { // in this order: who said no writes only why
			limit := map[string]int{"/send": 4000, "/reason": 500}[step]
			if step == "/reason" {
				p.post(303, invitation+"/decline", nil)
			}
			if utf8.RuneCountInString(text) >= limit || strings.Contains(text, "\x00") {
				p.post(400, form+step, url.Values{"text": {"x" + text}})
				continue
			}
			p.post(303, form+step, url.Values{"text": {"x" + text}})
			m := next()
			if m.To[0] != "team@developer.test" || m.Header.Get("Reply-To") != "<"+address+">" || !strings.Contains(m.Text, "\n> x") {
				t.Errorf("%.40q: got a message to %s, answers to %s:\n%s", text, m.To, m.Header.Get("Reply-To"), m.Text)
			}
		}
	}
}

// An operator's own words, and the titles that every command takes or refuses.
func TestOddTitlesAndWordsStayText(t *testing.T) {
	t.Parallel()
	box, _ := mailtest.Inbox(t)
	s := newSite(t, box.Addr().String())
	dir := t.TempDir()
	var all []vendor
	for n, text := range odd {
		v := vendor{id: "V1", skill: fmt.Sprintf("skill%d", n), token: s.token}
		args := s.command([]string{"skill", "create", "--vendor", "V1", "--name", "x" + text, "--id", v.skill})
		if tryout(t, args...).Run() != nil {
			continue // refused
		}
		words := strings.NewReplacer("{{", "{ {", "\x00", "").Replace(text)
		folder := filepath.Join(dir, "vendors", "V1", "skills", v.skill)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		for name, file := range map[string]string{
			"invitation.txt":  `{{define "subject"}}` + words + `{{.Skill}}{{end}}` + words + ` {{.Skill}} {{.Link}}`,
			"invitation.html": `<p>{{.Skill}}</p>{{template "button" .}}`,
		} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(file), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, v)
	}
	if len(all) < 8 {
		t.Errorf("only %d titles are taken", len(all))
	}
	p := s.serve("--templates", dir)
	next := arrivals(t, box)
	for _, v := range all {
		p.as(v, 201, "POST", "", "{}")
		p.as(v, 202, "POST", "/start", "")
		p.as(v, 204, "POST", "/testers/add", addBody("ann@x.test"))
		if m := next(); strings.ContainsAny(m.Subject, "\r\n\u2028\u0085") {
			t.Errorf("the subject is %q", m.Subject)
		}
	}
}
