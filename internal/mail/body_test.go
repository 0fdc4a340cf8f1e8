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
	for _, pair := range pairs() {
		for _, extensions := range [][]string{nil, {"PIPELINING"}} {
			m := note()
			m.Data = []byte(noteHead + "\r\nbody" + pair)
			lax, strict := &script{extensions: extensions}, &server{odd: true}
			sent(t, client(t, lax.relayOf(t)), m)
			sent(t, client(t, strict.relayOf(t, nil, false)), m)
			if _, commands, messages := lax.seen(); len(messages) != 1 || !strings.Contains(messages[0], "evil") {
				t.Errorf("%q: a lax relay got %d messages and %q", pair, len(messages), commands)
			}
			want := noteHead + "\r\n" + whole("body"+pair)
			if got := strict.seen(); len(got) != 1 || got[0].data != want {
				t.Errorf("%q: a strict relay got %+v, want %q", pair, got, want)
			}
		}
	}
}

// pairs are what follows a body in which some relay might see an end, twice,
// with a dialogue between: each two ends of a line around a dot.
func pairs() (list []string) {
	ends := []string{"\r\n", "\n", "\r", "\r\r\n", "\n\r", "\x00\n", "\x00\r\n", "\u0085", "\u2028", "\v", "\f"}
	for _, before := range ends {
		for _, after := range ends {
			end := before + "." + after
			list = append(list, end+"MAIL FROM:<eve@b.c>\r\nRCPT TO:<ada@b.c>\r\nDATA\r\nevil"+end)
		}
	}
	return list
}

// whole is a body as it must arrive: every line ends in CRLF, the last too.
func whole(body string) string {
	lines := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(body)
	return strings.ReplaceAll(strings.TrimSuffix(lines, "\n")+"\n", "\n", "\r\n")
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
		lax := bufio.NewReader(bytes.NewReader(wire))
		if _, ended := laxly(lax); !ended || lax.Buffered() != 0 {
			t.Fatalf("%q became %q: a lax relay has %d octets behind the end", data, wire, lax.Buffered())
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
