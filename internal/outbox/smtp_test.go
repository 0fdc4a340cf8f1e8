package outbox_test

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/inbox"
	"tryout/internal/mail"
	"tryout/internal/mailtest"
	"tryout/internal/outbox"
)

// overSMTP returns an outbox that talks to an inbox of its own; settled waits
// until n attempts more are settled.
func overSMTP(r *rig) (o *outbox.Outbox, in *inbox.Inbox, settled func(n int)) {
	r.Helper()
	in, _ = mailtest.Inbox(r)
	relay, err := mail.ParseRelay("smtp://" + in.Addr().String())
	r.must(err)
	client := &mail.Client{Relay: relay}
	r.Cleanup(func() { client.Close() })
	o = r.outbox()
	o.Relays = []outbox.Sender{client}
	events := make(chan beta.MailState, 1000)
	o.Settled = func(s beta.MailState) { events <- s }
	return o, in, func(n int) {
		r.Helper()
		for range n {
			select {
			case <-events:
			case <-time.After(time.Minute):
				r.Fatal("a minute passed without an outcome")
			}
		}
	}
}

var personal = regexp.MustCompile(`https://tryout\.example/i/([0-9A-Za-z_-]+)`)

func TestEverybodyIsSentTheirOwnInvitation(t *testing.T) {
	t.Parallel()
	const testers = 50
	r := newRig(t, nil)
	o, in, settled := overSMTP(r)
	r.run(o)
	r.add(1, testers)
	settled(testers)
	messages, mails := in.Messages(), r.mails()
	if len(messages) != testers || len(mails) != testers {
		t.Fatalf("%d messages for %d mails, want %d", len(messages), len(mails), testers)
	}
	seen := map[string]bool{}
	for _, m := range messages {
		if len(m.To) != 1 || seen[m.To[0]] {
			t.Fatalf("recipients %v; want one, and each once", m.To)
		}
		seen[m.To[0]] = true
		stored := mails[m.To[0]]
		if got, want := m.Header.Get("Message-ID"), "<"+stored.ID+"@tryout.example>"; got != want {
			t.Errorf("%s: Message-ID %s, want %s", m.To[0], got, want)
		}
		if stored.State != beta.MailSent || stored.Attempts != 1 || stored.Reply.Code != 250 || stored.Reply.Text == "" ||
			stored.Reply.Relay != in.Addr().String() || stored.Reply.Step != "end of data" {
			t.Errorf("%s: stored %+v", m.To[0], stored)
		}
		checkLinks(r, m)
	}
}

// checkLinks requires that the only personal link in a message, in both of its
// parts, is its recipient's, and that it names nobody else.
func checkLinks(r *rig, m inbox.Received) {
	r.Helper()
	for _, part := range []string{m.Text, m.HTML} {
		found := personal.FindAllStringSubmatch(part, -1)
		if len(found) == 0 {
			r.Errorf("%s: no link in:\n%s", m.To[0], part)
		}
		for _, link := range found {
			l, ok := r.links.Parse(beta.InvitationPlace, link[1])
			if !ok {
				r.Fatalf("%s: link %s does not parse", m.To[0], link[1])
			}
			inv, err := r.service.Invitation(context.Background(), l)
			r.must(err)
			if inv.Tester.Email.Key != m.To[0] {
				r.Errorf("%s: the link leads to %s", m.To[0], inv.Tester.Email.Key)
			}
		}
		if others := strings.ReplaceAll(part, m.To[0], ""); strings.Contains(others, "@example.com") {
			r.Errorf("%s: the message names somebody else", m.To[0])
		}
	}
}

func TestARelayThatIsAwayCostsNoAttempt(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	o, in, settled := overSMTP(r)
	r.must(in.Close())
	r.run(o)
	r.add(1, 20)
	settled(20)
	again := 0
	for slices.ContainsFunc(slices.Collect(maps.Values(r.mails())), func(m stored) bool { return m.State == beta.MailSending }) {
		settled(1) // it was given back, and claimed once more as the pause began
		again++
	}
	if again > 20 {
		t.Errorf("mail was claimed %d times more; want each once at most", again)
	}
	refused := 0
	for to, m := range r.mails() {
		if m.State != beta.MailQueued || m.Attempts != 0 {
			t.Errorf("%s: %+v; want queued as it was", to, m)
		}
		if m.Reply.Step == "connect" && m.Reply.Text != "" {
			refused++
		}
	}
	if refused < 1 || refused > o.Workers {
		t.Errorf("%d mails were refused at connect; want those of %d workers at most", refused, o.Workers)
	}
}
