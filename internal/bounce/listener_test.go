package bounce_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/bounce"
)

// taken is what a listener handed over.
type taken struct {
	id     beta.MailID
	queued time.Time
	found  []bounce.Report
}

// book writes down what it takes; fail, when set, is what it answers.
type book struct {
	mu    sync.Mutex
	taken []taken
	fail  error
}

func (b *book) take(_ context.Context, id beta.MailID, queued time.Time, found []bounce.Report) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	b.taken = append(b.taken, taken{id, queued, found})
	return nil
}

func (b *book) set(fail error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = fail
}

func (b *book) all() []taken {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.taken
}

// listen returns a listener that closes with the test.
func listen(t testing.TB, take bounce.Take) *bounce.Listener {
	t.Helper()
	l, err := bounce.Listen("127.0.0.1:0", addresses, take, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l
}

func send(l *bounce.Listener, from string, message []byte, to ...string) error {
	return smtp.SendMail(l.Addr().String(), nil, from, to, message)
}

// code is the code of an SMTP answer; 250 where there was no other.
func code(err error) int {
	var answer *textproto.Error
	switch {
	case err == nil:
		return 250
	case errors.As(err, &answer):
		return answer.Code
	}
	return 0
}

func TestAReturnedMailIsTaken(t *testing.T) {
	t.Parallel()
	b := &book{}
	l := listen(t, b.take)
	message := samples(t)["postfix"]
	want, err := bounce.Read(bytes.NewReader(message))
	if err != nil {
		t.Fatal(err)
	}
	other := beta.MailID{Test: 1, Tester: 2, Seq: 3}
	if err := send(l, "", message, strings.ToUpper(addresses.Text(aMail, queued))); err != nil {
		t.Fatalf("from nobody: %v", err)
	}
	if err := send(l, "fbl@provider.example", message, addresses.Text(aMail, queued), addresses.Text(other, queued)); err != nil {
		t.Fatalf("from somebody: %v", err)
	}
	got := b.all()
	if len(got) != 3 || got[0].id != aMail || got[1].id != aMail || got[2].id != other {
		t.Fatalf("got %+v", got)
	}
	for _, g := range got {
		if !g.queued.Equal(queued) || show(t, g.found, nil) != show(t, want, nil) {
			t.Errorf("got %v, %+v, want %v, %+v", g.queued, g.found, queued, want)
		}
	}
}

func TestNothingElseIsTaken(t *testing.T) {
	t.Parallel()
	b := &book{}
	l := listen(t, b.take)
	path := addresses.Text(aMail, queued)
	forged := strings.Replace(path, ".7.", ".8.", 1)
	for name, c := range map[string]struct {
		message []byte
		to      []string
		want    int
	}{
		"postmaster":        {samples(t)["postfix"], []string{"postmaster@" + addresses.Host()}, 550},
		"another host":      {samples(t)["postfix"], []string{"ada@example.com"}, 550},
		"relayed":           {samples(t)["postfix"], []string{"ada%example.com@" + addresses.Host()}, 550},
		"forged":            {samples(t)["postfix"], []string{forged}, 550},
		"one of them":       {samples(t)["postfix"], []string{path, forged}, 550},
		"not a report":      {samples(t)["out-of-office"], []string{path}, 250}, // it has arrived, and says nothing
		"a damaged report":  {samples(t)["no-outcome"], []string{path}, 554},
		"too big":           {bytes.Repeat([]byte("0123456789abcdef\r\n"), bounce.MaxSize/16), []string{path}, 552},
		"eleven recipients": {samples(t)["postfix"], strings.Split(strings.Repeat(path+" ", 10)+path, " "), 452},
	} {
		if err := send(l, "", c.message, c.to...); code(err) != c.want {
			t.Errorf("%s: got %v, want %d", name, err, c.want)
		}
	}
	if got := b.all(); len(got) != 0 {
		t.Errorf("got %+v, want nothing", got)
	}
}

func TestWhatIsNotTakenComesAgain(t *testing.T) {
	t.Parallel()
	b := &book{fail: errors.New("the disk is full")}
	l := listen(t, b.take)
	message, path := samples(t)["postfix"], addresses.Text(aMail, queued)
	err := send(l, "", message, path)
	if code(err) != 451 || strings.Contains(err.Error(), "disk") {
		t.Errorf("got %v, want 451 and none of our words", err)
	}
	b.set(nil)
	if err := send(l, "", message, path); err != nil || len(b.all()) != 1 {
		t.Errorf("again: got %v, %+v", err, b.all())
	}
}

func TestTheAnswerComesAfterTheReportWasTaken(t *testing.T) {
	t.Parallel()
	begun, end := make(chan struct{}), make(chan struct{})
	l := listen(t, func(context.Context, beta.MailID, time.Time, []bounce.Report) error {
		close(begun)
		<-end
		return nil
	})
	answered := make(chan error, 1)
	go func() { answered <- send(l, "", samples(t)["postfix"], addresses.Text(aMail, queued)) }()
	<-begun
	select {
	case err := <-answered:
		t.Fatalf("answered before: %v", err)
	default:
	}
	close(end)
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

func TestCloseEndsWhatIsBeingTaken(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), false
	l, err := bounce.Listen("127.0.0.1:0", addresses, func(ctx context.Context, _ beta.MailID, _ time.Time, _ []bounce.Report) error {
		close(begun)
		<-ctx.Done()
		ended = true
		return ctx.Err()
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() { answered <- send(l, "", samples(t)["postfix"], addresses.Text(aMail, queued)) }()
	<-begun
	if err := l.Close(); err != nil || !ended {
		t.Errorf("got %v, and the report is still being taken", err)
	}
	if err := <-answered; err == nil {
		t.Error("what was not taken was acknowledged")
	}
	if err := l.Close(); err != nil {
		t.Errorf("again: %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("it still listens")
	}
}

// One host cannot take all the places: it is told so, and gets one again when
// it lets one go.
func TestAHostHasTenConnections(t *testing.T) {
	t.Parallel()
	l := listen(t, (&book{}).take)
	var open []net.Conn
	for n := range 10 {
		conn, greeting := greet(t, l)
		if !strings.HasPrefix(greeting, "220 bounce.tryout.example") {
			t.Fatalf("connection %d: got %q", n+1, greeting)
		}
		open = append(open, conn)
	}
	conn, greeting := greet(t, l)
	if !strings.HasPrefix(greeting, "421 4.3.2 ") {
		t.Errorf("connection 11: got %q", greeting)
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("connection 11: got %v, want it closed", err)
	}
	fmt.Fprint(open[0], "QUIT\r\n")
	io.Copy(io.Discard, open[0]) // until the listener has closed it
	if _, greeting := greet(t, l); !strings.HasPrefix(greeting, "220 ") {
		t.Errorf("once one was closed: got %q", greeting)
	}
}

func greet(t *testing.T, l *bounce.Listener) (net.Conn, string) {
	t.Helper()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	greeting, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return conn, greeting
}

// What is asked for in the dialogue is refused in the dialogue, and nothing is
// offered that is not there.
func TestTheDialogue(t *testing.T) {
	t.Parallel()
	l := listen(t, (&book{}).take)
	conn, err := textproto.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	path := addresses.Text(aMail, queued)
	for _, c := range []struct {
		say  string
		want int
	}{
		{"", 220},
		{"EHLO mx.example.com", 250},
		{"RCPT TO:<" + path + ">", 502},
		{"MAIL FROM:<> SIZE=2000000", 552},
		{"MAIL FROM:<> BODY=8BITMIME SMTPUTF8", 250},
		{"RCPT TO:<>", 501},
		{"RCPT TO:<b+ü@bounce.tryout.example>", 550},
		{"DATA", 502},
		{"RCPT TO:<" + path + ">", 250},
		{"RSET", 250},
		{"DATA", 502},
		{"QUIT", 221},
	} {
		if c.say != "" {
			if err := conn.PrintfLine("%s", c.say); err != nil {
				t.Fatal(err)
			}
		}
		got, text, err := conn.ReadResponse(0)
		if err != nil && got == 0 || got != c.want {
			t.Errorf("%s: got %d %s, %v, want %d", c.say, got, text, err, c.want)
		}
		if strings.HasPrefix(c.say, "EHLO") && strings.Contains(text, "AUTH") {
			t.Errorf("AUTH is offered: %s", text)
		}
	}
}
