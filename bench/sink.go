package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"tryout/internal/mailtest"
)

// sink is the receiver of what is delivered, for both sides: it takes every
// message, and counts.
type sink struct {
	mu    sync.Mutex
	seen  map[string]bool // Message-IDs
	count tally
	data  []byte // of the last message
}

// tally is what a sink tells of itself.
type tally struct {
	Messages int       // that came
	Distinct int       // by Message-ID
	Last     time.Time // when the last one came
	Wrong    string    // what was wrong with the first that had another recipient than its To, or several
}

// serveSink prints where it takes mail and where it tells: /tally, and
// /message, the last one.
func serveSink() error {
	s := &sink{seen: map[string]bool{}}
	mail, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	tell, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(mail.Addr(), tell.Addr())
	go http.Serve(tell, s)
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{sink: s}, nil }))
	server.Domain = "sink.invalid"
	server.ErrorLog = log.New(io.Discard, "", 0)
	return server.Serve(mail)
}

// ServeHTTP tells.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == "/message" {
		w.Write(s.data)
		return
	}
	json.NewEncoder(w).Encode(s.count)
}

func (s *sink) take(to []string, data []byte) {
	wrong := mailtest.Addressed(to, data)
	_, rest, _ := bytes.Cut(data, []byte("\r\nMessage-ID: "))
	id, _, _ := bytes.Cut(rest, []byte("\r\n"))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = data
	s.count.Messages++
	s.count.Last = time.Now()
	if wrong != nil && s.count.Wrong == "" {
		s.count.Wrong = wrong.Error()
	}
	if !s.seen[string(id)] {
		s.seen[string(id)] = true
		s.count.Distinct++
	}
}

// session is one connection's.
type session struct {
	sink *sink
	to   []string
}

func (*session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Reset()                             { s.to = s.to[:0] }
func (*session) Logout() error                        { return nil }

// Rcpt keeps a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data takes a message.
func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err == nil {
		s.sink.take(s.to, data)
	}
	return err
}
