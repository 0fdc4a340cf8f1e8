package mail_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"syscall"
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
	l, now := invitation(), time.UnixMilli(1_700_000_000_000)
	w.Write(l, now) // the first makes the stencils
	b.ReportAllocs()
	defer processor(b)()
	for b.Loop() {
		if _, err := w.Write(l, now); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTransact sends a message over one connection to a receiver that does
// next to nothing, and answers each command by itself as most do.
func BenchmarkTransact(b *testing.B) {
	w, err := mail.NewWriter("Example Games <beta@example.com>", "beta.example.com")
	if err != nil {
		b.Fatal(err)
	}
	m, err := w.Write(invitation(), time.UnixMilli(1_700_000_000_000))
	if err != nil {
		b.Fatal(err)
	}
	c := client(b, receiver(b))
	sent(b, c, m)
	ctx := within(b)
	b.ReportAllocs()
	defer processor(b)()
	for b.Loop() {
		if _, err := c.Send(ctx, written(m), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// receiver takes one connection.
func receiver(b *testing.B) mail.Relay {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, "220 receiver.example\r\n")
		for r := bufio.NewReader(c); ; {
			line, err := r.ReadSlice('\n')
			for data := err == nil && string(line) == "DATA\r\n"; data; data = err == nil && string(line) != ".\r\n" {
				if string(line) == "DATA\r\n" {
					io.WriteString(c, "354 Go ahead. End your data with <CR><LF>.<CR><LF>\r\n")
				}
				line, err = r.ReadSlice('\n')
			}
			if err != nil {
				return
			}
			answer := "250 2.0.0 Roger, accepting mail\r\n"
			if strings.HasPrefix(string(line), "EHLO") {
				answer = "250-receiver.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n"
			}
			io.WriteString(c, answer)
		}
	}()
	return relayAt(l.Addr())
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

// processor reports how much processor time an operation takes, on all threads
// and with the collector: on a machine that others use, too, the time that
// passes says little.
func processor(b *testing.B) (report func()) {
	before := spent(b)
	return func() { b.ReportMetric(float64(spent(b)-before)/float64(b.N), "cpu-ns/op") }
}

func spent(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
