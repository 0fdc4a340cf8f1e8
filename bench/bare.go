package main

import (
	"context"
	"net/smtp"
	"sync/atomic"
	"time"
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
	var left atomic.Int64
	left.Store(int64(count))
	begun, spent := time.Now(), itself.spent()
	err = together(senders, func(i int) error {
		for left.Add(-1) >= 0 && ctx.Err() == nil {
			if err := send(clients[i], to, message); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	return speed{perSecond: float64(count) / time.Since(begun).Seconds(), cost: (itself.spent() - spent) / time.Duration(count)}, err
}

func send(c *smtp.Client, to string, message []byte) error {
	if err := c.Mail("beta@bench.example"); err != nil {
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
