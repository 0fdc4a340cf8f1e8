package mail

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
)

// envelope begins a transaction, up to where the relay waits for the text (RFC 5321, 3.3).
func (c *conn) envelope(ctx context.Context, m Message) *Failure {
	envelope := []command{
		{stepMail, "MAIL FROM:<" + m.From + ">" + c.bodyType(m.Data), 2},
		{stepRcpt, "RCPT TO:<" + m.To + ">", 2},
		{stepData, "DATA", 3},
	}
	talk := c.say
	if _, offered := c.offers["PIPELINING"]; offered {
		talk = c.pipeline
	}
	fail := talk(ctx, envelope...)
	c.dirty = fail != nil
	return fail
}

// text hands over the message itself, unless ctx is done before.
func (c *conn) text(ctx context.Context, m Message) (Reply, *Failure) {
	if ctx.Err() != nil {
		fail := c.fail(stepData, ctx.Err())
		return fail.Reply, fail
	}
	c.out = stuff(c.out[:0], m.Data)
	reply, fail := c.body(context.WithoutCancel(ctx), c.out)
	c.dirty = fail != nil
	return reply, fail
}

// reset forgets a transaction that was given up.
func (c *conn) reset(ctx context.Context) *Failure {
	if !c.dirty {
		return nil
	}
	fail := c.say(ctx, command{stepReset, "RSET", 2})
	c.dirty, c.broken = fail != nil, c.broken || fail != nil
	return fail
}

// isSpent reports whether a failure is the kept connection's, and nothing was
// said of the message that took it.
func (c *conn) isSpent(fail *Failure) bool {
	return fail.Step == stepReset || fail.Outcome == Cut && c.stale
}

// bodyType declares octets above 127 where that can be understood (RFC 6152).
func (c *conn) bodyType(data []byte) string {
	_, offered := c.offers["8BITMIME"]
	if offered && slices.ContainsFunc(data, func(b byte) bool { return b >= 0x80 }) {
		return " BODY=8BITMIME"
	}
	return ""
}

// pipeline sends the envelope at once and then hears every answer (RFC 2920).
// The first refusal is the one that counts. If the relay takes DATA all the
// same, the message is ended before it begins, as section 3.1 has it: nobody is
// its recipient.
func (c *conn) pipeline(ctx context.Context, envelope ...command) *Failure {
	var lines strings.Builder
	for _, cmd := range envelope {
		lines.WriteString(cmd.line + "\r\n")
	}
	c.within(ctx, c.timeouts.Command, func() error {
		_, err := c.net.Write([]byte(lines.String()))
		return err // seen again when the answer is read, unless the relay has said why
	})
	var first *Failure
	for _, cmd := range envelope {
		_, fail := c.hear(ctx, cmd, c.timeouts.Command)
		first = cmp.Or(first, fail)
		if c.broken {
			return first
		}
		if cmd.step == stepData && fail == nil && first != nil {
			c.ask(ctx, command{stepDot, ".", 5})
		}
	}
	return first
}

// body sends the message and hears what became of it. Only when all of it was
// sent can it have been taken.
func (c *conn) body(ctx context.Context, data []byte) (Reply, *Failure) {
	end := command{step: stepDot, want: 2}
	var early Reply
	err := c.within(ctx, c.timeouts.Body, func() error {
		_, err := c.net.Write(data)
		if err == nil {
			return nil
		}
		c.broken = true
		if reply, _, heard := readReply(c.r); heard == nil && reply.Code >= 400 {
			early, err = reply, nil // it did not want to hear the rest
		}
		return err
	})
	switch {
	case err != nil:
		fail := c.fail(stepData, err)
		return fail.Reply, fail
	case early.Code != 0:
		return c.answer(end, early, nil)
	}
	return c.hear(ctx, end, c.timeouts.Dot)
}

// stuff appends to out what follows DATA: data, in which every line ends in CRLF whatever it
// ended in, so that no relay can take a part of it for the end; a dot that
// begins a line is doubled (RFC 5321, 4.5.2); and the final dot.
func stuff(out, data []byte) []byte {
	out = slices.Grow(out, len(data)+len(data)/32+8)
	for len(data) > 0 {
		line, end := data, len(data)
		if lf := bytes.IndexByte(data, '\n'); lf >= 0 {
			line, end = bytes.TrimSuffix(data[:lf], []byte{'\r'}), lf+1
		}
		if cr := bytes.IndexByte(line, '\r'); cr >= 0 { // one that ends a line by itself
			line, end = line[:cr], cr+1
		}
		if len(line) > 0 && line[0] == '.' {
			out = append(out, '.')
		}
		out = append(append(out, line...), '\r', '\n')
		data = data[end:]
	}
	return append(out, '.', '\r', '\n')
}
