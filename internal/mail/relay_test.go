package mail_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"tryout/internal/mail"
)

func TestARelayIsReadFromItsURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]mail.Relay{
		"smtp://localhost":                  {Host: "localhost", Port: 25},
		"smtp://127.0.0.1:2525/":            {Host: "127.0.0.1", Port: 2525},
		"smtps://relay.example":             {Host: "relay.example", Port: 465, TLS: true},
		"smtp://[::1]:25":                   {Host: "::1", Port: 25},
		"smtp://u%40b.c:p%2F%40:@relay:587": {Host: "relay", Port: 587, User: "u@b.c", Password: "p/@:"},
	} {
		if got, err := mail.ParseRelay(text); err != nil || got != want {
			t.Errorf("ParseRelay(%q): got %+v, %v", text, got, err)
		}
	}
}

func TestAnErrorAboutARelayHidesThePassword(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "relay:25", "http://u:hunter2@relay", "smtp:u:hunter2@relay", "smtp://u:hunter2@", "smtp://u:hunter2@relay:0", "smtp://u:hunter2@relay:99999", "smtp://u:hunter2@relay:x",
		"smtp://u:hunter2@relay/path", "smtp://u:hunter2@relay?x=1", "smtp://u:hunter2@relay#x", "smtp://:hunter2@relay", "smtp://user@relay", "smtp://u:hunter2%zz@relay", "smtp://u:hunter2@re lay", "smtp://u:hunter2/@relay",
	} {
		got, err := mail.ParseRelay(text)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("ParseRelay(%q): got %+v, %v", text, got, err)
		}
	}
}

func FuzzParseRelayNeverRepeatsItsText(f *testing.F) {
	f.Add("hunter2")
	f.Add("%zz")
	f.Add("a/b?c#d@e")
	f.Fuzz(func(t *testing.T, password string) {
		for _, text := range []string{"smtp://u:" + password + "@relay:25", "smtp://u:" + url.QueryEscape(password) + "@relay:25"} {
			r, err := mail.ParseRelay(text)
			if err == nil {
				again, err := mail.ParseRelay(r.String())
				if r.User == "" && (err != nil || again != r) {
					t.Errorf("%q: read again as %+v, %v", r, again, err)
				}
				continue
			}
			if strings.Contains(err.Error(), text) {
				t.Errorf("ParseRelay(%q): %v", text, err)
			}
		}
	})
}

func TestARelayIsPrintedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	r := mail.Relay{Host: "::1", Port: 465, TLS: true, User: "u", Password: "hunter2"}
	text, err := json.Marshal(map[string]any{"relay": r})
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{fmt.Sprintf("%v", r), fmt.Sprintf("%+v", r), r.String(), fmt.Sprintf("%#v", r), string(text)} {
		if strings.Contains(got, "hunter2") || !strings.Contains(got, "smtps://u@[::1]:465") {
			t.Errorf("got %s", got)
		}
	}
}
