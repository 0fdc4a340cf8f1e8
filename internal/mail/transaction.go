package mail

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"slices"
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
	if offered && !isASCII(data) {
		return " BODY=8BITMIME"
	}
	return ""
}

// isASCII reports whether no octet is above 127, looking at eight at once.
func isASCII(data []byte) bool {
	var seen uint64
	for ; len(data) >= 8; data = data[8:] {
		seen |= binary.NativeEndian.Uint64(data)
	}
	for _, b := range data {
		seen |= uint64(b)
	}
	return seen&0x8080808080808080 == 0
}

// pipeline sends the envelope at once and then hears every answer (RFC 2920).
// The first refusal is the one that counts. If the relay takes DATA all the
// same, the message is ended before it begins, as section 3.1 has it: nobody is
// its recipient.
func (c *conn) pipeline(ctx context.Context, envelope ...command) *Failure {
	c.out = c.out[:0]
	for _, cmd := range envelope {
		c.out = append(append(c.out, cmd.line...), '\r', '\n')
	}
	var refusals []*Failure
	err := c.within(ctx, c.timeouts.Command, func() (err error) {
		c.net.Write(c.out) // an error is seen again when the answer is read, unless the relay has said why
		refusals, err = c.hearAll(envelope)
		return err
	})
	if err != nil {
		refusals = append(refusals, c.fail(envelope[len(refusals)].step, err))
	}
	first := cmp.Or(refusals...)
	if taken := len(refusals) == len(envelope) && refusals[len(refusals)-1] == nil; taken && first != nil {
		c.ask(ctx, command{stepDot, ".", 5})
	}
	return first
}

// hearAll hears the answers to commands that were sent together, as far as it
// makes sense: for each a refusal, nil where the relay agrees.
func (c *conn) hearAll(sent []command) (refusals []*Failure, err error) {
	for _, cmd := range sent {
		reply, err := c.hear(c.timeouts.Command)
		if err != nil {
			return refusals, err
		}
		_, fail := c.answer(cmd, reply, nil)
		if refusals = append(refusals, fail); c.broken {
			break
		}
	}
	return refusals, nil
}

// body sends the message and hears what became of it. Only when all of it was
// sent can it have been taken.
func (c *conn) body(ctx context.Context, data []byte) (Reply, *Failure) {
	var reply Reply
	step := stepData
	err := c.within(ctx, c.timeouts.Body, func() (err error) {
		if _, err = c.net.Write(data); err == nil {
			step = stepDot
			reply, err = c.hear(c.timeouts.Dot)
			return err
		}
		c.broken = true
		if early, _, heard := readReply(c.r); heard == nil && early.Code >= 400 {
			reply, err = early, nil // it did not want to hear the rest
		}
		return err
	})
	if err != nil {
		fail := c.fail(step, err)
		return fail.Reply, fail
	}
	return c.answer(command{step: stepDot, want: 2}, reply, nil)
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
