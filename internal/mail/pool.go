package mail

import (
	"slices"
	"sync"
	"time"
)

// take returns an idle connection, or nil.
func (c *Client) take() *conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.idle) == 0 {
		return nil
	}
	last := len(c.idle) - 1
	cn := c.idle[last]
	c.idle = slices.Delete(c.idle, last, last+1)
	cn.expiry.Stop()
	cn.stale = true
	return cn
}

// keep makes a connection idle, or closes it where it is of no more use.
func (c *Client) keep(cn *conn) {
	c.mu.Lock()
	useless := cn.broken || c.closed
	if !useless {
		c.idle = append(c.idle, cn)
		if cn.expiry == nil {
			cn.expiry = time.AfterFunc(cn.timeouts.Idle, func() { c.expire(cn) })
		} else {
			cn.expiry.Reset(cn.timeouts.Idle)
		}
	}
	c.mu.Unlock()
	if useless {
		cn.quit()
	}
}

// expire closes a connection unless it was taken in the meantime.
func (c *Client) expire(cn *conn) {
	c.mu.Lock()
	i := slices.Index(c.idle, cn)
	if i >= 0 {
		c.idle = slices.Delete(c.idle, i, i+1)
	}
	c.mu.Unlock()
	if i >= 0 {
		cn.quit()
	}
}

// Close says goodbye on the idle connections. Messages in flight are finished
// and their connections closed then; Send fails from now on (Cut).
func (c *Client) Close() error {
	c.mu.Lock()
	idle := c.idle
	c.idle, c.closed = nil, true
	c.mu.Unlock()
	var wg sync.WaitGroup
	for _, cn := range idle {
		cn.expiry.Stop()
		wg.Go(cn.quit)
	}
	wg.Wait()
	return nil
}

func (c *Client) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}
