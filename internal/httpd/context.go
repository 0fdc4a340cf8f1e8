package httpd

import (
	"context"
	"time"
)

// An event is its request's context: it ends when the client goes away, at the
// deadline, or when the handler has returned, whichever is first.
//
// Hardly anybody waits for that end. What waiting takes, a timer and a place
// among the parent's children, is made when somebody first does.

// serve makes ev a context below parent that ends at deadline. finish must follow.
func (ev *event) serve(parent context.Context, deadline time.Time) {
	ev.parent, ev.deadline = parent, deadline
}

// finish ends the context: the handler has returned.
func (ev *event) finish() {
	ev.mu.Lock()
	defer ev.mu.Unlock()
	ev.over = true
	if ev.stop != nil {
		ev.stop()
	}
}

// Deadline is what context.Context says.
func (ev *event) Deadline() (time.Time, bool) {
	if sooner, ok := ev.parent.Deadline(); ok && sooner.Before(ev.deadline) {
		return sooner, true
	}
	return ev.deadline, true
}

// Done is what context.Context says.
func (ev *event) Done() <-chan struct{} { return ev.waiting().Done() }

// Err is what context.Context says.
func (ev *event) Err() error {
	if ev.waited() == nil && ev.parent.Err() == nil && time.Until(ev.deadline) > 0 {
		return nil
	}
	return ev.waiting().Err() // from now on the answer stays what it is, as it must
}

// Value is what context.Context says. A child finds what it waits for by it, too.
func (ev *event) Value(key any) any {
	if key == (eventKey{}) {
		return ev
	}
	if wait := ev.waited(); wait != nil {
		return wait.Value(key)
	}
	return ev.parent.Value(key)
}

// waited is what somebody waits for, nil while nobody does and the handler runs.
func (ev *event) waited() context.Context {
	ev.mu.Lock()
	over, wait := ev.over, ev.wait
	ev.mu.Unlock()
	if over && wait == nil {
		return ev.waiting()
	}
	return wait
}

// waiting is the context that somebody waits for.
func (ev *event) waiting() context.Context {
	ev.mu.Lock()
	defer ev.mu.Unlock()
	if ev.wait == nil {
		ev.wait, ev.stop = context.WithDeadline(ev.parent, ev.deadline)
	}
	if ev.over {
		ev.stop()
	}
	return ev.wait
}
