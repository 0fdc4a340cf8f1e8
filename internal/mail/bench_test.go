package mail_test

import (
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

// invitation is a letter as most are.
func invitation() beta.Letter {
	return beta.Letter{
		ID: beta.MailID{Test: 7, Tester: 1234, Seq: 1}, QueuedAt: time.UnixMilli(1), Kind: beta.InvitationMail,
		To: beta.Email{Given: "ada@example.org", Key: "ada@example.org"}, Skill: "Quiz", Vendor: "Example Games",
		FeedbackEmail: "feedback@example.com", ExpiresAt: time.UnixMilli(1_800_000_000_000),
		Link:        "https://beta.example.com/i/7-1234-kz9w2x1a-AAAAAAAAAAAAAAAAAAAAAA",
		Unsubscribe: "https://beta.example.com/u/7-1234-kz9w2x1a-AAAAAAAAAAAAAAAAAAAAAA",
	}
}

func BenchmarkWrite(b *testing.B) {
	w, err := mail.NewWriter("Example Games <beta@example.com>", "beta.example.com")
	if err != nil {
		b.Fatal(err)
	}
	l := invitation()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Write(l, time.UnixMilli(1_700_000_000_000)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSend sends a message over one connection to a scripted relay.
func BenchmarkSend(b *testing.B) {
	w, err := mail.NewWriter("Example Games <beta@example.com>", "beta.example.com")
	if err != nil {
		b.Fatal(err)
	}
	m, err := w.Write(invitation(), time.UnixMilli(1_700_000_000_000))
	if err != nil {
		b.Fatal(err)
	}
	c := client(b, (&server{}).relayOf(b, nil, false))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Send(b.Context(), written(m), nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStuff(b *testing.B) {
	w, err := mail.NewWriter("Example Games <beta@example.com>", "beta.example.com")
	if err != nil {
		b.Fatal(err)
	}
	m, err := w.Write(invitation(), time.UnixMilli(1_700_000_000_000))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(m.Data)))
	for b.Loop() {
		mail.Stuff(m.Data)
	}
}
