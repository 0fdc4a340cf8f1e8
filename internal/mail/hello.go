package mail

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"time"
)

// dial connects to the relay.
func (c *conn) dial(ctx context.Context) error {
	limit, cancel := context.WithTimeout(ctx, c.timeouts.Connect)
	defer cancel()
	dial := c.dialer
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	nc, err := dial(limit, "tcp", c.addr)
	switch {
	case err == nil:
		c.use(nc)
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case limit.Err() != nil:
		return os.ErrDeadlineExceeded
	}
	return err
}

// use makes what was dialed the line that the dialogue is held over.
func (c *conn) use(line net.Conn) {
	c.line, c.net, c.r = line, line, bufio.NewReader(line)
	c.alarm = time.AfterFunc(time.Hour, c.interrupt)
	c.alarm.Stop() // until the network is used
}

// open makes the dialogue that comes before the first message: the banner,
// EHLO, TLS where it can be had, AUTH where there is a user.
func (c *conn) open(ctx context.Context, hello string, config *tls.Config) *Failure {
	if c.relay.TLS {
		if fail := c.startTLS(ctx, config); fail != nil {
			return fail
		}
	}
	if fail := c.banner(ctx); fail != nil {
		return fail
	}
	if fail := c.hello(ctx, hello); fail != nil {
		return fail
	}
	if _, offered := c.offers["STARTTLS"]; offered && !c.secure {
		if _, _, fail := c.ask(ctx, command{stepStartTLS, "STARTTLS", 2}); fail != nil {
			return fail
		}
		if fail := c.startTLS(ctx, config); fail != nil {
			return fail
		}
		if fail := c.hello(ctx, hello); fail != nil { // what was offered in clear counts no more
			return fail
		}
	}
	return c.auth(ctx)
}

// banner hears what a relay says first.
func (c *conn) banner(ctx context.Context) *Failure {
	var reply Reply
	err := c.within(ctx, c.timeouts.Command, func() (err error) {
		reply, err = c.hear(c.timeouts.Command)
		return err
	})
	_, fail := c.answer(command{step: stepBanner, want: 2}, reply, err)
	return fail
}

// hello says EHLO and learns what the relay offers; or HELO, to one that does
// not know EHLO (RFC 5321, 3.2).
func (c *conn) hello(ctx context.Context, name string) *Failure {
	name = cmp.Or(name, "localhost")
	c.offers = map[string][]string{}
	reply, lines, fail := c.ask(ctx, command{stepHello, "EHLO " + name, 2})
	if fail != nil && (reply.Code == 500 || reply.Code == 502) {
		_, _, fail = c.ask(ctx, command{stepHello, "HELO " + name, 2})
		return fail
	}
	if fail != nil {
		return fail
	}
	for _, line := range lines[1:] {
		words := strings.Fields(strings.ToUpper(line))
		if len(words) > 0 {
			c.offers[words[0]] = words[1:]
		}
	}
	return nil
}

// startTLS puts TLS under everything that follows. What was read in clear
// before is forgotten: it must not count as said under TLS (CVE-2011-0411).
func (c *conn) startTLS(ctx context.Context, config *tls.Config) *Failure {
	if config == nil {
		config = &tls.Config{}
	}
	config = config.Clone()
	config.ServerName = c.relay.Host
	secure := tls.Client(c.net, config)
	if err := c.within(ctx, c.timeouts.Command, secure.Handshake); err != nil {
		return c.fail(stepTLS, err)
	}
	c.net, c.r, c.secure = secure, bufio.NewReader(secure), true
	return nil
}

// auth signs in, if there is a user (RFC 4954). The password goes over TLS, or
// to this very machine.
func (c *conn) auth(ctx context.Context) *Failure {
	if c.relay.User == "" {
		return nil
	}
	if !c.secure && !isLoopback(c.net.RemoteAddr()) {
		return c.misconfigured("the relay offers no TLS, and the password must not go in clear")
	}
	mechanisms := c.offers["AUTH"]
	switch {
	case slices.Contains(mechanisms, "PLAIN"):
		return c.say(ctx, command{stepAuth, "AUTH PLAIN " + base64Text("\x00"+c.relay.User+"\x00"+c.relay.Password), 2})
	case slices.Contains(mechanisms, "LOGIN"):
		return c.say(ctx,
			command{stepAuth, "AUTH LOGIN", 3},
			command{stepAuth, base64Text(c.relay.User), 3},
			command{stepAuth, base64Text(c.relay.Password), 2})
	}
	return c.misconfigured("the relay offers neither AUTH PLAIN nor AUTH LOGIN")
}

// say asks one command after the other, up to the first that is refused.
func (c *conn) say(ctx context.Context, commands ...command) *Failure {
	for _, cmd := range commands {
		if _, _, fail := c.ask(ctx, cmd); fail != nil {
			return fail
		}
	}
	return nil
}

func (c *conn) misconfigured(why string) *Failure {
	return &Failure{Misconfigured, stepAuth, Reply{Relay: c.addr}, errors.New(why)}
}

func base64Text(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
