package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tryout/internal/dnstest"
	"tryout/internal/doctor"
	"tryout/internal/mailtest"
)

// examine runs the doctor on a site that sends as beta@example.com from
// 203.0.113.7, and returns what it says.
func examine(t *testing.T, zone dnstest.Zone, relay string, flags ...string) (code int, out, errs string) {
	t.Helper()
	args := append([]string{
		"doctor", "--smtp", "smtp://" + relay, "--mail-from", "Beta <beta@example.com>", "--public-url", "https://example.com",
		"--resolver", dnstest.Serve(t, zone), "--address", "203.0.113.7",
	}, flags...)
	var o, e bytes.Buffer
	code = run(t.Context(), args, streams{&o, &e})
	return code, o.String(), e.String()
}

// healed is the zone of example.com with nothing missing but the key.
func healed() dnstest.Zone {
	return dnstest.Zone{
		"example.com MX": {"10 mx.example.com."}, "mx.example.com A": {"203.0.113.7"},
		"example.com TXT": {"v=spf1 mx -all"}, "_dmarc.example.com TXT": {"v=DMARC1; p=reject"},
		"7.113.0.203.in-addr.arpa PTR": {"mx.example.com."},
	}
}

func TestTheDoctorSaysThatAllIsWellAndItsMessageIsSigned(t *testing.T) {
	t.Parallel()
	box, watch := mailtest.Inbox(t)
	zone, file := healed(), t.TempDir()+"/key.pem"
	var made signing
	text := words(t, []string{"dkim", "create", "--domain", "example.com", "--selector", "s1", "--out", file, "--json"})
	if err := json.Unmarshal([]byte(text), &made); err != nil || made.Key != file {
		t.Fatalf("got %s, %v", text, err)
	}
	zone[made.Name+" TXT"] = []string{made.Text}
	watch.Keys(func(name string) ([]string, error) { return zone[name+" TXT"], nil })
	code, out, errs := examine(t, zone, box.Addr().String(), "--to", "ann@x.test", "--reply-to", "help@example.com",
		"--dkim-domain", "example.com", "--dkim-selector", "s1", "--dkim-key", file)
	if code != exitOK || strings.Contains(out, "bad ") || strings.Contains(out, "warn ") || !strings.Contains(out, "ok    message ") {
		t.Fatalf("got %d\n%s%s", code, out, errs)
	}
	sent := string(box.Messages()[0].Data)
	for _, want := range []string{"DKIM-Signature: ", "\r\nReply-To: <help@example.com>\r\n", "\r\nFrom: \"Beta\" <beta@example.com>\r\n"} {
		if !strings.Contains(sent, want) {
			t.Errorf("got\n%s\nwant %q in it", sent, want)
		}
	}
}

func TestTheDoctorEndsWithOneWhenSomethingIsBad(t *testing.T) {
	t.Parallel()
	box, zone := openInbox(t), healed()
	delete(zone, "example.com TXT")
	code, out, errs := examine(t, zone, box.Addr().String(), "--json")
	var d diagnosis
	if err := json.Unmarshal([]byte(out), &d); err != nil || code != exitFailure || d.Level != doctor.Bad || !strings.Contains(errs, "is bad") {
		t.Fatalf("got %d, %v, %+v\n%s", code, err, d, errs)
	}
	code, out, _ = examine(t, zone, box.Addr().String())
	if code != exitFailure || !strings.Contains(out, "\n                     example.com. IN TXT \"v=spf1 ip4:203.0.113.7 ~all\"\n") {
		t.Errorf("for people: got %d\n%s", code, out)
	}
	if sent := len(box.Messages()); sent != 0 {
		t.Errorf("sent %d messages unasked", sent)
	}
}

func TestTheDoctorNamesEveryMistakeAndLooksAtNothing(t *testing.T) {
	t.Parallel()
	code, out, errs := examine(t, nil, "127.0.0.1", "--resolver", "nowhere", "--address", "here", "--to", "nobody", "--reply-to", "nobody", "--dkim-domain", "d")
	for _, flag := range []string{`--resolver: must be host:port such as 9.9.9.9:53, not "nowhere"`, "--address", "--to", "--reply-to", "--dkim-key"} {
		if !strings.Contains(errs, flag+": ") && !strings.Contains(errs, flag+"\n") {
			t.Errorf("%s is not named in %s", flag, errs)
		}
	}
	if code != exitUsage || out != "" {
		t.Errorf("got %d, %q", code, out)
	}
}

// Advice about a relay names where it was set.
func TestTheDoctorSaysWhereTheRelayIsSet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	env := write("env", "# mine\nTRYOUT_SMTP=smtp://127.0.0.1:1\n")
	toml := write("tryout.toml", "smtp = ['smtp://127.0.0.1:1']\n")
	resolver := dnstest.Serve(t, healed())
	for _, c := range []struct {
		want  string
		flags []string
	}{
		{"line 2 of " + env, []string{"--config", env}},
		{"line 1 of " + toml, []string{"--config", toml}},
		{"--smtp or TRYOUT_SMTP", []string{"--smtp", "smtp://127.0.0.1:1"}},
		{"--smtp or TRYOUT_SMTP", []string{"--smtp", "smtp://127.0.0.1:1", "--config", env}},
	} {
		var o, e bytes.Buffer
		code := run(t.Context(), append([]string{"doctor", "--mail-from", "beta@example.com", "--resolver", resolver, "--address", "203.0.113.7"}, c.flags...), streams{&o, &e})
		if code != exitFailure || !strings.Contains(o.String(), "host and port are right ("+c.want+"), that") {
			t.Errorf("%q: got %d\n%s%s\nwant %q in it", c.flags, code, &o, &e, c.want)
		}
	}
}

// With a bounce domain it is that domain whose mail server and SPF count.
func TestTheDoctorLooksAtTheBounceDomain(t *testing.T) {
	t.Parallel()
	box, zone := openInbox(t), healed()
	_, out, _ := examine(t, healed(), box.Addr().String(), "--bounce-domain", "bounces.example.com")
	for _, want := range []string{"bad   return path    bounces.example.com ", "bad   SPF            bounces.example.com "} {
		if !strings.Contains(out, want) {
			t.Errorf("without records: want %q in\n%s", want, out)
		}
	}
	zone["bounces.example.com MX"], zone["bounces.example.com TXT"] = []string{"10 mx.example.com."}, []string{"v=spf1 mx -all"}
	_, out, _ = examine(t, zone, box.Addr().String(), "--bounce-domain", "bounces.example.com")
	for _, want := range []string{"ok    return path    bounces.example.com ", "ok    SPF            bounces.example.com "} {
		if !strings.Contains(out, want) {
			t.Errorf("with them: want %q in\n%s", want, out)
		}
	}
}
