package mail

import (
	"bufio"
	"context"
	"net"
	"os"
	"time"
)

// quitPatience is how long a relay may take to say goodbye.
const quitPatience = time.Second

// conn is one SMTP connection. It is used by one goroutine at a time.
type conn struct {
	relay    Relay
	addr     string // the relay's
	timeouts Timeouts
	dialer   Dial     // nil is the network
	line     net.Conn // what was dialed
	net      net.Conn // what is spoken over: the line, or TLS on it
	r        *bufio.Reader
	out      []byte              // room for a message
	alarm    *time.Timer         // interrupts; set while the network is used
	offers   map[string][]string // EHLO keywords and their parameters, in upper case
	secure   bool                // TLS is on
	dirty    bool                // a transaction was given up: RSET comes first
	stale    bool                // reused, and nothing was heard since
	broken   bool                // nothing more can be said over it
	expiry   *time.Timer         // while idle
}

// command is one line to the relay and the first digit of the answer wanted.
type command struct {
	step string
	line string
	want int
}

// ask sends a command and reads the answer, with its lines.
func (c *conn) ask(ctx context.Context, cmd command) (Reply, []string, *Failure) {
	var reply Reply
	var lines []string
	err := c.within(ctx, c.timeouts.Command, func() (err error) {
		_, sent := c.net.Write([]byte(cmd.line + "\r\n"))
		// Even if that failed: the relay may have said why before it hung up.
		reply, lines, err = readReply(c.r)
		c.broken = c.broken || sent != nil
		return err
	})
	reply, fail := c.answer(cmd, reply, err)
	return reply, lines, fail
}

// hear reads the next answer, for which the limit of within begins anew.
func (c *conn) hear(limit time.Duration) (Reply, error) {
	if inTime := c.alarm.Reset(limit); !inTime {
		return Reply{}, os.ErrDeadlineExceeded
	}
	reply, _, err := readReply(c.r)
	return reply, err
}

// answer judges what came back to a command.
func (c *conn) answer(cmd command, reply Reply, err error) (Reply, *Failure) {
	reply.Relay = c.addr
	if err != nil {
		return reply, c.fail(cmd.step, err)
	}
	if reply.Code != 421 {
		c.stale = false
	}
	if reply.Code/100 == cmd.want {
		return reply, nil
	}
	if reply.Code == 421 || reply.Code < 400 {
		c.broken = true // it is leaving, or speaks of something else than we do
	}
	return reply, &Failure{Outcome: judge(cmd.step, reply.Code, c.relay.User != ""), Step: cmd.step, Reply: reply}
}

// fail reports that a step ended without an answer, and the connection with it.
func (c *conn) fail(step string, err error) *Failure {
	c.broken = true
	return &Failure{judgeError(step, err), step, Reply{Relay: c.addr}, alike(err)}
}

// within runs f, which uses the network, and interrupts it after the limit
// (then the error is os.ErrDeadlineExceeded) or when ctx ends (ctx.Err()).
func (c *conn) within(ctx context.Context, limit time.Duration, f func() error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.alarm.Reset(limit)
	forget := context.AfterFunc(ctx, c.interrupt)
	err := f()
	inTime, undisturbed := c.alarm.Stop(), forget()
	if !inTime || !undisturbed {
		c.broken = true // too late for anything more, even where f was just done
	}
	switch {
	case err == nil, inTime && undisturbed:
		return err
	case !undisturbed:
		return ctx.Err()
	}
	return os.ErrDeadlineExceeded
}

// interrupt ends what is under way on the network, and all that would come.
func (c *conn) interrupt() { c.line.SetDeadline(time.Unix(1, 0)) }

// quit says goodbye and closes.
func (c *conn) quit() {
	if !c.broken {
		ctx, cancel := context.WithTimeout(context.Background(), quitPatience)
		defer cancel()
		c.ask(ctx, command{stepQuit, "QUIT", 2})
	}
	c.net.Close()
}
