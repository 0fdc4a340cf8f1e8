package mail_test

import (
	"fmt"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

func TestAMessageIDNamesItsMail(t *testing.T) {
	t.Parallel()
	for _, kind := range []beta.MailKind{beta.InvitationMail, beta.EndedMail} {
		l := letter(t, kind)
		m, err := newWriter(t).Write(l, noon)
		if err != nil {
			t.Fatal(err)
		}
		id, queued, ok := mail.ParseMessageID(m.ID)
		if !ok || id != l.ID || !queued.Equal(l.QueuedAt) {
			t.Errorf("got %v, %v, %v; want %v, %v", id, queued, ok, l.ID, l.QueuedAt)
		}
	}
}

func TestOtherMessageIDsNameNoMail(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "@", "x@example.com", "1.2.3@h", "1.2.3.4.5@h", "1.2.3.%@h", "1.x.3.4@h", "1.2.x.4@h", "!.2.3.4@h",
		"16f0sq3qu11.07.1.mh3k2v9c@h", "16f0sq3qu11.7.+1.mh3k2v9c@h", "16f0sq3qu11.7.1.MH3K2V9C@h", "<16f0sq3qu11.7.1.mh3k2v9c@h>",
		"16f0sq3qu11.9999999999999999999.1.mh3k2v9c@h",
	} {
		if id, _, ok := mail.ParseMessageID(s); ok {
			t.Errorf("%q: got %v", s, id)
		}
	}
	if _, _, ok := mail.ParseMessageID("16f0sq3qu11.7.1.mh3k2v9c@h"); !ok {
		t.Error("the good one among them is none either")
	}
}

func TestPostmarkIsToldTheMessageID(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{false, true} {
		w := newWriter(t)
		w.Postmark = asked
		m, err := w.Write(letter(t, beta.InvitationMail), noon)
		if err != nil {
			t.Fatal(err)
		}
		id, _, ok := mail.ParseMessageID(parse(t, m.Data).header.Get("X-PM-Metadata-message-id"))
		if ok != asked || ok && id != letter(t, beta.InvitationMail).ID {
			t.Errorf("asked %v: got %v, %v", asked, id, ok)
		}
	}
}

func TestEachMailMayHaveAReturnPathOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	w.ReturnPath = func(id beta.MailID, queued time.Time) string {
		return fmt.Sprintf("%s.%d@bounce.example", id, queued.UnixMilli())
	}
	l := letter(t, beta.InvitationMail)
	m, err := w.Write(l, noon)
	if want := fmt.Sprintf("%s.%d@bounce.example", l.ID, l.QueuedAt.UnixMilli()); err != nil || m.From != want {
		t.Errorf("got the envelope sender %q, %v; want %q", m.From, err, want)
	}
}
