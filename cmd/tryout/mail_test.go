package main

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"tryout/internal/inbox"
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

// Each relay is asked, with the return path that a mail of serve would have, and
// what each said is told; one alone where that is asked for.
func TestEveryRelayIsTested(t *testing.T) {
	t.Parallel()
	first, second, dir := openInbox(t), openInbox(t), t.TempDir()
	nobody := closedPort(t)
	try := func(flags ...string) (int, string, string) {
		var out, errs bytes.Buffer
		code := run(t.Context(), append([]string{
			"mail", "test", "ada@example.org", "--data", dir, "--mail-from", "beta@example.com", "--bounce-domain", bounceDomain,
			"--smtp", "smtp://" + first.Addr().String() + ",smtp://" + nobody + ",smtp://" + second.Addr().String(),
		}, flags...), streams{&out, &errs})
		return code, out.String(), errs.String()
	}
	code, out, errs := try()
	lines := strings.Split(out, "\n")
	for n, box := range []*inbox.Inbox{first, second} {
		if len(lines) != 3 || !strings.HasPrefix(lines[n], box.Addr().String()+" answered: 250 ") {
			t.Errorf("line %d of\n%s", n, out)
		}
	}
	if code != exitFailure || !strings.Contains(errs, "connect at "+nobody+": ") {
		t.Errorf("got %d, %s", code, errs)
	}
	s, err := home{data: dir}.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ours, err := returnPaths(t.Context(), s, bounceDomain)
	if _, _, ok := ours.Parse(first.Messages()[0].From); err != nil || !ok {
		t.Errorf("the return path is %q, which serve would not know", first.Messages()[0].From)
	}
	if code, out, errs := try("--relay", "3"); code != exitOK || !strings.HasPrefix(out, second.Addr().String()+" answered: 250 ") || len(second.Messages()) != 2 || len(first.Messages()) != 1 {
		t.Errorf("the third alone: got %d, %q, %s", code, out, errs)
	}
	for _, n := range []string{"4", "-1"} {
		if code, _, errs := try("--relay", n); code != exitUsage || !strings.Contains(errs, "--relay") {
			t.Errorf("relay %s: got %d, %s", n, code, errs)
		}
	}
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
