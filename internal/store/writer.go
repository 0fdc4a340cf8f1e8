package store

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tryout/internal/beta"
)

// maxGroup bounds how many writes share one commit, and so how long each waits.
const maxGroup = 128

// maxWaiting bounds how many wait.
const maxWaiting = 4 * maxGroup

// writer owns the one connection that writes. Writes that wait while a commit
// is under way share the next one: the cost of making a commit durable is paid
// once for all of them.
//
// Who finds nobody writing writes at once, and for those who come meanwhile: to
// tell another goroutine and to wait for it costs as much as some statements do.
type writer struct {
	link  *link
	watch *watch
	memo  *memo // what is kept in it over our own commits
	mover *checkpointer
	fault atomic.Pointer[error] // set once the file cannot be trusted any more
	turn  sync.Mutex            // held to write
	bell  chan struct{}         // rings when some may wait whom nobody serves
	ended chan struct{}

	known   known  // to whoever has the turn
	serving []*job // taken from the queue for the group that is run; whoever has the turn

	mu     sync.Mutex
	queue  []*job // in the order in which they came
	closed bool
}

// job is one write on its way.
type job struct {
	fn    func(conn) error
	state atomic.Int32
	wrote tables
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

func startWriter(l *link, watch *watch, m *memo, mover *checkpointer) *writer {
	w := &writer{link: l, watch: watch, memo: m, mover: mover, bell: make(chan struct{}, 1), ended: make(chan struct{})}
	go w.loop()
	go mover.run(w)
	return w
}

// close runs what was handed in and closes the connection; who comes later is
// told that the database is away. After a fault the connection is left to the end of
// the process: SQLite moves the log into the file as the last one is closed.
func (w *writer) close() error {
	w.mu.Lock()
	w.closed = true
	close(w.bell)
	w.mu.Unlock()
	<-w.ended
	err := w.mover.close()
	if w.fault.Load() != nil {
		return err
	}
	return errors.Join(err, w.link.Close(), w.mover.file.Close())
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
	w.lead()
	if err := j.wait(ctx); err != nil {
		return err
	}
	if j.panic != nil {
		panic(j.panic)
	}
	return j.err
}

// wait returns nil when j has an outcome, or an error when its caller gave up
// before it was run. Who led has it already: ctx need not arm its timer then.
func (j *job) wait(ctx context.Context) error {
	select {
	case <-j.done:
		return nil
	default:
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.state.CompareAndSwap(waiting, abandoned) {
			return ctx.Err()
		}
		<-j.done
	}
	return nil
}

// hand puts j into the queue, unless there is no place or no queue any more.
func (w *writer) hand(j *job) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed:
		return errAway
	case len(w.queue) >= maxWaiting:
		return errBusy
	}
	w.queue = append(w.queue, j)
	return nil
}

var errBusy = &beta.Error{
	Kind: beta.Unavailable, Code: beta.CodeUnavailable,
	Message: "Too many changes are waiting.", Retry: time.Second,
}

// lead serves a group if nobody does, and sees to it that those are served who
// wait then.
func (w *writer) lead() {
	if w.turn.TryLock() {
		w.serve()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) > 0 && !w.closed { // else the loop's last round is for them
		select {
		case w.bell <- struct{}{}:
		default:
		}
	}
}

// loop serves those who found somebody else writing.
func (w *writer) loop() {
	defer close(w.ended)
	for open := true; open; {
		_, open = <-w.bell
		w.turn.Lock()
		for w.serve() {
			w.turn.Lock()
		}
	}
}

// serve commits a group of those who wait; it reports false when there are
// none. The caller has the turn, and has it no more afterwards.
func (w *writer) serve() bool {
	defer w.turn.Unlock()
	w.serving = nil
	group := w.join(nil)
	if len(group) == 0 {
		return false
	}
	whole := false
	defer func() {
		if !whole {
			w.breakOff()
		}
	}()
	w.commit(group)
	whole = true
	if w.watch.logged() >= logFull {
		w.mover.ring()
	}
	return true
}

// breakOff ends all writing when what is no job panicked, or a goroutine ended in
// the middle of a group: nobody knows what the transaction holds. Only a restart
// tells, as after a fault of the disk; that follows, and nobody waits until then.
func (w *writer) breakOff() {
	err := errors.New("a transaction was broken off")
	w.fault.CompareAndSwap(nil, &err)
	for _, j := range w.serving {
		select {
		case <-j.done:
		default:
			j.err = errors.Join(errAway, err)
			close(j.done)
		}
	}
}

// join adds to a group whoever waits.
func (w *writer) join(group []*job) []*job {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.queue), maxGroup-len(group))
	group, w.serving = append(group, w.queue[:n]...), append(w.serving, w.queue[:n]...)
	w.queue = slices.Delete(w.queue, 0, n)
	return group
}
