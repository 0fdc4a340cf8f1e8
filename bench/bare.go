package main

import (
	"context"
	"net/smtp"
	"sync/atomic"
	"time"

	"tryout/internal/mail"
)

// bare is the other side of delivery: as many connections of net/smtp, open
// beforehand and kept, that send one message over and over.
func bare(ctx context.Context, addr, to string, message []byte, count int) (s speed, err error) {
	clients := make([]*smtp.Client, senders)
	for i := range clients {
		if clients[i], err = smtp.Dial(addr); err != nil {
			return s, err
		}
		defer clients[i].Close()
		if err := clients[i].Hello("localhost"); err != nil {
			return s, err
		}
	}
	return over(ctx, count, func(i int) error { return send(clients[i], to, message) })
}

// dialogue does the same with Tryout's client, which opens connections as it needs them.
func dialogue(ctx context.Context, addr, to string, message []byte, count int) (s speed, err error) {
	relay, err := mail.ParseRelay("smtp://" + addr)
	if err != nil {
		return s, err
	}
	client := &mail.Client{Relay: relay}
	defer client.Close()
	prepared := func() (mail.Message, error) { return mail.Message{From: from, To: to, Data: message}, nil }
	return over(ctx, count, func(int) error {
		_, err := client.Send(ctx, prepared, nil)
		return err
	})
}

const from = "beta@bench.example"

// over has each sender send until so many messages are.
func over(ctx context.Context, count int, send func(sender int) error) (s speed, err error) {
	var left atomic.Int64
	left.Store(int64(count))
	begun, spent := time.Now(), itself.spent()
	err = together(senders, func(i int) error {
		for left.Add(-1) >= 0 && ctx.Err() == nil {
			if err := send(i); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	return speed{perSecond: float64(count) / time.Since(begun).Seconds(), cost: (itself.spent() - spent) / time.Duration(count)}, err
}

func send(c *smtp.Client, to string, message []byte) error {
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(message); err != nil {
		return err
	}
	return w.Close()
}
