package outbox_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	"tryout/internal/mail"
	"tryout/internal/mailtest"
)

const (
	torn   = "\x00"                     // ends an answer that is not finished: the connection ends there
	agreed = "250 2.0.0 queued as Q-%d" // with the number of the mail
)

// receiver is a relay over real connections. It answers each step as it was
// told to, keeps what it takes, and dies when it is to. It lives outside of the
// bubble of a test, where time stands still while somebody waits for the network.
type receiver struct {
	mail.Relay
	offers  []string
	answers map[string]string // by step; a missing one agrees; see tell
	death   death

	watch      *mailtest.Watch
	mu         sync.Mutex
	dead, died bool
	open       map[net.Conn]bool
	heard      map[string]int // the steps, by name
	taken      []taking       // before anything is said of it
	silent     int            // connections that wait for an answer in vain
	cut        int            // connections that its death ended
}

// taking is a message that a receiver took: who was named as its recipient, and
// its Message-ID.
type taking struct{ to, id string }

// listen opens the receiver; stop waits until all its dialogues have ended. Every
// message is looked at, of a batch five in full.
func (v *receiver) listen(t testing.TB) (stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v.Relay.Host, v.Relay.Port = "127.0.0.1", l.Addr().(*net.TCPAddr).Port
	v.offers = append(v.offers, "PIPELINING")
	v.watch = mailtest.New(t)
	v.watch.Every = v.death.of / 5
	v.open, v.heard = map[net.Conn]bool{}, map[string]int{}
	var serving sync.WaitGroup
	serving.Go(func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			serving.Go(func() { v.serve(c) })
		}
	})
	return func() {
		l.Close()
		serving.Wait()
	}
}

// serve holds one dialogue.
func (v *receiver) serve(c net.Conn) {
	defer v.leave(c)
	in := textproto.NewReader(bufio.NewReader(c))
	var to []string
	for step, line, err := "banner", "", error(nil); err == nil; step = stepOf(line) {
		switch step {
		case "MAIL FROM":
			to = nil
		case "RCPT TO":
			to = append(to, strings.Trim(line[len(step)+1:], "<>"))
		}
		if !v.enter(c, step) || !answer(c, v.says(step)) || step == "QUIT" {
			return
		}
		if step == "DATA" && v.says(step) == "354 go on" && !v.message(c, in, to) {
			return
		}
		line, err = in.ReadLine()
	}
}

// stepOf names the step that a command is: MAIL FROM and RCPT TO in full.
func stepOf(line string) string {
	verb, _, colon := strings.Cut(line, ":")
	if !colon {
		verb, _, _ = strings.Cut(verb, " ")
	}
	return verb
}

// tell changes the answer to a step.
func (v *receiver) tell(step, answer string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answers = map[string]string{step: answer}
}

func (v *receiver) says(step string) string {
	v.mu.Lock()
	answer, told := v.answers[step]
	v.mu.Unlock()
	if told {
		return answer
	}
	switch step {
	case "banner":
		return "220 receiver.example"
	case "EHLO":
		return "250-receiver.example\r\n250-" + strings.Join(v.offers, "\r\n250-") + "\r\n250 HELP"
	case "AUTH":
		return "235 2.7.0 welcome"
	case "DATA":
		return "354 go on"
	case "end of data":
		return agreed
	case "QUIT":
		return "221 2.0.0 bye"
	}
	return "250 2.0.0 fine"
}

// answer reports whether the connection goes on after an answer.
func answer(c net.Conn, text string) bool {
	text, ends := strings.CutSuffix(text, torn)
	if !ends {
		text += "\r\n"
	}
	_, err := io.WriteString(c, text)
	return err == nil && !ends
}

// message hears a message, takes it unless it was told otherwise, and answers.
func (v *receiver) message(c net.Conn, in *textproto.Reader, to []string) bool {
	if !v.enter(c, "message") {
		return false
	}
	data, err := octets(in.R)
	if err != nil {
		return false
	}
	m, err := netmail.ReadMessage(bytes.NewReader(data)) // fails where there is none: the transaction was given up
	if err != nil || !v.enter(c, "end of data") {
		return false
	}
	v.watch.See(to, data)
	if text := v.says("end of data"); text != agreed {
		return answer(c, text)
	}
	n, answers := v.take(taking{strings.Join(to, ","), m.Header.Get("Message-ID")})
	if !answers {
		io.Copy(io.Discard, c) // until it is cut
		return false
	}
	return answer(c, fmt.Sprintf(agreed, n)) && v.goesOnAfter(n)
}

// octets reads a message as it was before its dots were doubled.
func octets(r *bufio.Reader) (data []byte, err error) {
	for {
		line, err := r.ReadBytes('\n')
		if err != nil || string(line) == ".\r\n" {
			return data, err
		}
		data = append(data, bytes.TrimPrefix(line, []byte("."))...)
	}
}

// times returns how often a step was heard.
func (v *receiver) times(step string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.heard[step]
}
