package main

import (
	"bytes"
	"strings"
	"testing"
)

// What is sent is what serve would send, and the relay's own words come back.
func TestAMessageSentToTestArrives(t *testing.T) {
	t.Parallel()
	box := openInbox(t)
	addr := box.Addr().String()
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{
		"mail", "test", "Ada@example.org", "--kind", "reminder", "--lang", "de", "--smtp", "smtp://" + addr,
		"--mail-from", "Beta <beta@example.com>", "--public-url", "https://beta.example.com",
	}, streams{&out, &errs})
	if code != exitOK || !strings.HasPrefix(out.String(), addr+" answered: 250 ") {
		t.Fatalf("got %d, %q, %s; want the relay's answer", code, &out, &errs)
	}
	got, err := box.Next(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject != "Erinnerung: Einladung zum Betatest von Sample Skill" || !strings.Contains(got.Text, "\nhttps://beta.example.com/\n") {
		t.Errorf("got %q and\n%s", got.Subject, got.Text)
	}
}
