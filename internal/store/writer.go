package store

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"

	"tryout/internal/beta"
)

// maxGroup bounds how many writes share one commit, and so how long each waits.
const maxGroup = 128

// writer owns the one connection that writes. Writes that wait while a commit
// is under way share the next one: the cost of making a commit durable is paid
// once for all of them.
type writer struct {
	conn  *sqlite.Conn
	jobs  chan *job
	ended chan struct{}
	fault atomic.Pointer[error] // set once the file cannot be trusted any more

	mu     sync.RWMutex // held to hand in
	closed bool
}

// job is one write on its way.
type job struct {
	fn    func(conn) error
	state atomic.Int32
	err   error
	panic any
	done  chan struct{}
}

// The states of a job. A caller who gives up while the job waits keeps it from
// ever being run; once it runs, its outcome is awaited.
const (
	waiting int32 = iota
	taken
	abandoned
)

func startWriter(c *sqlite.Conn) *writer {
	w := &writer{conn: c, jobs: make(chan *job, 4*maxGroup), ended: make(chan struct{})}
	go w.loop()
	return w
}

// close runs what was handed in and closes the connection; who comes later is
// told that the database is away.
func (w *writer) close() error {
	w.mu.Lock()
	w.closed = true
	close(w.jobs)
	w.mu.Unlock()
	<-w.ended
	return w.conn.Close()
}

// run hands fn in and waits until it is committed or failed.
func (w *writer) run(ctx context.Context, fn func(conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{fn: fn, done: make(chan struct{})}
	if err := w.hand(j); err != nil {
		return err
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.state.CompareAndSwap(waiting, abandoned) {
			return ctx.Err()
		}
		<-j.done
	}
	if j.panic != nil {
		panic(j.panic)
	}
	return j.err
}

// hand puts j into the queue, unless there is no place or no queue any more.
func (w *writer) hand(j *job) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errAway
	}
	select {
	case w.jobs <- j:
		return nil
	default:
		return errBusy
	}
}

var errBusy = &beta.Error{
	Kind: beta.Unavailable, Code: beta.CodeUnavailable,
	Message: "Too many changes are waiting.", Retry: time.Second,
}

func (w *writer) loop() {
	defer close(w.ended)
	for j := range w.jobs {
		w.commit(w.join([]*job{j}))
	}
}

// join adds to a group whatever else waits already.
func (w *writer) join(group []*job) []*job {
	for len(group) < maxGroup {
		select {
		case j, open := <-w.jobs:
			if !open {
				return group
			}
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}
