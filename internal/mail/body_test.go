package mail_test

import (
	"bufio"
	"bytes"
	"io"
	"net/textproto"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"tryout/internal/mail"
)

func TestABodyCannotSmuggleAnotherMessage(t *testing.T) {
	t.Parallel()
	ends := []string{"\r\n", "\n", "\r", "\r\r\n", "\n\r", "\x00\n"}
	for _, before := range ends {
		for _, after := range ends {
			m := note()
			m.Data = []byte(noteHead + "\r\nbody" + before + "." + after + "MAIL FROM:<eve@b.c>\r\nRCPT TO:<ada@b.c>\r\nDATA\r\nevil" + before + "." + after)
			lax, strict := &script{}, &server{odd: true}
			sent(t, client(t, lax.relayOf(t)), m)
			sent(t, client(t, strict.relayOf(t, nil, false)), m)
			if _, commands, messages := lax.seen(); len(messages) != 1 || !strings.Contains(messages[0], "evil") {
				t.Errorf("%q.%q: a lax relay got %d messages and %q", before, after, len(messages), commands)
			}
			if got := strict.seen(); len(got) != 1 || !strings.Contains(got[0].data, "evil") {
				t.Errorf("%q.%q: a strict relay got %+v", before, after, got)
			}
		}
	}
}

func TestAMessageArrivesAsItWas(t *testing.T) {
	t.Parallel()
	s := &server{odd: true}
	c := client(t, s.relayOf(t, nil, false))
	m := note()
	m.Data = []byte(noteHead + "\r\n.\r\n..\r\n.a\r\n\r\n.\r\n")
	sent(t, c, m)
	want := received{from: m.From, to: m.To, data: string(m.Data)}
	if got := s.seen()[0]; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestEightBitIsDeclaredWhereItIs(t *testing.T) {
	t.Parallel()
	s := &server{odd: true}
	c := client(t, s.relayOf(t, nil, false))
	plain, eight := note(), note()
	eight.Data = []byte(noteHead + "\r\nhéllo\r\n")
	sent(t, c, plain)
	sent(t, c, eight)
	if got := s.seen(); got[0].body != "" || got[1].body != smtp.Body8BitMIME {
		t.Errorf("got BODY %q and %q, want none and 8BITMIME", got[0].body, got[1].body)
	}
	old := &script{}
	sent(t, client(t, old.relayOf(t)), eight)
	if _, commands, _ := old.seen(); strings.Contains(strings.Join(commands, "\n"), "BODY=") {
		t.Errorf("got %q, want no BODY: it is not offered", commands)
	}
}

func FuzzABodyIsOneMessage(f *testing.F) {
	for _, data := range []string{"", ".", "a", "a\r\n", "\n.\n", "\r.\r", "\r\n.\r\n", "..\n.", "\r\r\n.\r"} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		wire := mail.Stuff(data)
		r := bufio.NewReader(bytes.NewReader(wire))
		got, err := io.ReadAll(textproto.NewReader(r).DotReader())
		if err != nil || r.Buffered() != 0 {
			t.Fatalf("%q became %q: %v, %d octets behind the end", data, wire, err, r.Buffered())
		}
		want := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data))
		if want != "" && !strings.HasSuffix(want, "\n") {
			want += "\n"
		}
		if string(got) != want {
			t.Errorf("%q arrives as %q, want %q", data, got, want)
		}
	})
}
