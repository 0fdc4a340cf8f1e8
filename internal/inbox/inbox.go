// Package inbox receives mail and shows it: an SMTP server that takes whatever
// is sent to it, and pages on which it is read as a mail reader would show it.
// It stands in for the outside world in a demonstration and in tests; it
// forwards nothing, and what it holds is gone when the process ends.
package inbox

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// What an inbox holds at most: the newest messages, by number and by octets.
const (
	maxMessages = 1000
	maxOctets   = 32 << 20
	maxMessage  = 1 << 20
)

// Inbox is an SMTP server with pages. Its methods may be called concurrently.
type Inbox struct {
	listener net.Listener
	server   *smtp.Server
	pages    http.Handler
	served   chan struct{} // closed when the server has ended

	mu       sync.Mutex
	messages []Received
	octets   int           // of all messages
	last     int           // the highest ID given
	arrived  chan struct{} // closed, and replaced, at each arrival
}

// Open listens for SMTP on addr, a host and a port; port 0 takes a free one.
// There is no TLS and no AUTH: addr should be of the loopback.
func Open(addr string) (*Inbox, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	i := &Inbox{listener: listener, served: make(chan struct{}), arrived: make(chan struct{})}
	i.pages = i.routes()
	i.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{inbox: i}, nil
	}))
	i.server.Domain = "inbox.invalid"
	i.server.EnableSMTPUTF8 = true
	i.server.MaxMessageBytes = maxMessage
	i.server.MaxRecipients = 100
	i.server.ReadTimeout = 5 * time.Minute // RFC 5321, 4.5.3.2.7
	i.server.WriteTimeout = time.Minute
	i.server.ErrorLog = log.New(io.Discard, "", 0)
	go func() {
		defer close(i.served)
		i.server.Serve(listener)
	}()
	return i, nil
}

// Addr returns the address that takes mail.
func (i *Inbox) Addr() net.Addr { return i.listener.Addr() }

// Close takes no more mail and cuts the connections. What was received can
// still be read.
func (i *Inbox) Close() error {
	err := i.server.Close()
	i.listener.Close() // where Serve had not come to know of it yet
	<-i.served
	if errors.Is(err, smtp.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Messages returns what is held, the newest last.
func (i *Inbox) Messages() []Received {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.messages)
}

// Next returns the first message held whose ID is higher than after, and waits
// for it. It fails only with ctx.
func (i *Inbox) Next(ctx context.Context, after int) (Received, error) {
	for {
		i.mu.Lock()
		at, _ := slices.BinarySearchFunc(i.messages, after+1, byID)
		if at < len(i.messages) {
			defer i.mu.Unlock()
			return i.messages[at], nil
		}
		arrived := i.arrived
		i.mu.Unlock()
		select {
		case <-arrived:
		case <-ctx.Done():
			return Received{}, ctx.Err()
		}
	}
}

// find returns the message with an ID.
func (i *Inbox) find(id int) (Received, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	at, found := slices.BinarySearchFunc(i.messages, id, byID)
	if !found {
		return Received{}, false
	}
	return i.messages[at], true
}

func byID(m Received, id int) int { return m.ID - id }

// add holds one more message, and drops the oldest where it must.
func (i *Inbox) add(m Received) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last++
	m.ID = i.last
	i.messages = append(i.messages, m)
	i.octets += m.octets()
	for len(i.messages) > maxMessages || i.octets > maxOctets {
		i.octets -= i.messages[0].octets()
		i.messages = slices.Delete(i.messages, 0, 1)
	}
	close(i.arrived)
	i.arrived = make(chan struct{})
}
