package store

import (
	"cmp"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
)

// commit runs a group in one transaction and tells each its outcome, and with it
// who comes meanwhile: callers who ask again as soon as they are answered would
// fall into two halves otherwise, one that runs and one that waits, and pay for two
// commits. When it fails for one of those, the others need not wait for them.
func (w *writer) commit(group []*job) {
	all, err := w.transact(group, w.join)
	late := all[len(group):]
	if err != errUndone || len(late) == 0 {
		w.tell(all, err)
		return
	}
	for _, part := range [][]*job{group, late} {
		_, err := w.transact(part, nobodyElse)
		w.tell(part, err)
	}
}

// tell answers the callers of a group; err means that it was lost for all of them.
func (w *writer) tell(group []*job, err error) {
	w.note(err)
	for _, j := range group {
		if err != nil { // also for who was refused: perhaps by what another wrote, and is undone
			j.err = fmt.Errorf("commit: %w", unavailable(err))
		}
		close(j.done)
	}
}

// note has nothing more be written after a fault.
func (w *writer) note(err error) {
	if isFault(err) {
		w.fault.CompareAndSwap(nil, &err)
	}
}

// transact runs a group in one transaction, and those whom join adds. It returns
// them all; an error means that it was lost for all. When one of the group fails
// that has written, everything is undone and the group run again with a savepoint
// for each; when one does whom join added, it is undone and errUndone returned.
// Failures are rare, and savepoints are not free: SQLite keeps a copy of every page
// that is touched below one.
func (w *writer) transact(group []*job, join func([]*job) []*job) ([]*job, error) {
	if err := w.fault.Load(); err != nil {
		return group, errors.Join(errAway, *err)
	}
	all, err := w.attempt(group, join, (*job).run)
	if err != errUndone || len(all) > len(group) {
		return all, err
	}
	if len(group) > 1 {
		_, err = w.attempt(group, nobodyElse, (*job).runApart)
	}
	if err == errUndone { // and no more: to undo may fail too
		return group, nil // the job has an error of its own
	}
	return group, err
}

func nobodyElse(group []*job) []*job { return group }

// errUndone means that a job failed and what it wrote could only be undone with
// everything else in its transaction.
var errUndone = errors.New("a write failed beside this one")

// attempt runs each job with run in one transaction, then those that join adds,
// and commits it, unless run fails. It returns all that belong to it.
func (w *writer) attempt(group []*job, join func([]*job) []*job, run func(*job, *writer) error) ([]*job, error) {
	q := sqliteConn{w.link}
	if _, err := q.exec("begin immediate"); err != nil {
		return group, err
	}
	from, written := w.watch.mark(), tables(0)
	w.known.begin(from)
	others, err := w.others()
	if err != nil {
		return group, w.giveUp(err)
	}
	for i, first := 0, len(group); i < len(group); i++ {
		if group[i].take() {
			if err := run(group[i], w); err != nil {
				return group, w.giveUp(err)
			}
			written |= group[i].wrote
		}
		if i == first-1 {
			group = join(group)
		}
	}
	if _, err := q.exec("commit"); err != nil {
		return group, w.giveUp(err)
	}
	w.keep(from, written, others)
	return group, nil
}

// giveUp ends a transaction that cannot be committed, if SQLite has not yet. It
// returns cause, and why the end failed if it did.
func (w *writer) giveUp(cause error) error {
	if w.link.AutocommitEnabled() {
		return cause
	}
	if _, err := (sqliteConn{w.link}).exec("rollback"); err != nil {
		return errors.Join(cause, err)
	}
	return cause
}

// take reports whether the job is to be run: not when its caller gave up before.
func (j *job) take() bool {
	return j.state.CompareAndSwap(waiting, taken) || j.state.Load() == taken
}

// run does the job; an error means that the whole transaction is lost, not just
// the job.
func (j *job) run(w *writer) error {
	err := j.do(w)
	if err == nil && j.wrote != 0 && j.failed() {
		return errUndone
	}
	return err
}

// runApart is run in a savepoint, to which a job that fails is undone.
func (j *job) runApart(w *writer) error {
	q := sqliteConn{w.link}
	if _, err := q.exec("savepoint job"); err != nil {
		return err
	}
	if err := j.do(w); err != nil {
		return err
	}
	if j.failed() {
		w.known.forget()
		if _, err := q.exec("rollback to job"); err != nil {
			return err
		}
	}
	_, err := q.exec("release job")
	return err
}

func (j *job) failed() bool { return j.err != nil || j.panic != nil }

// do calls the job's function. An error means that there is no transaction any
// more, or none that may be committed.
func (j *job) do(w *writer) error {
	n := &noting{sqliteConn: sqliteConn{w.link}, known: &w.known}
	j.err = j.call(n)
	j.wrote = n.wrote
	switch {
	case isFault(j.err):
		return j.err
	case w.link.AutocommitEnabled():
		return cmp.Or(j.err, errEnded)
	}
	return nil
}

var errEnded = errors.New("the transaction ended early")

// noting is a connection that notes what may have been written.
type noting struct {
	sqliteConn
	known *known
	wrote tables
}

func (n *noting) exec(sql string, args ...any) (int64, error) {
	err := n.query(nil, sql, args...)
	return int64(n.Changes()), err
}

func (n *noting) query(fn func(row) error, sql string, args ...any) error {
	s, err := n.prepared(sql)
	if err != nil {
		return err
	}
	n.wrote |= s.writes
	n.known.noteWrite(sql, s.writes)
	return s.run(always, fn, args)
}

func (n *noting) later(fn func(row) error, sql string, args ...any) error {
	return atOnce(n, fn, sql, args)
}

// call keeps a panic for the goroutine that handed the job in.
func (j *job) call(c conn) error {
	defer func() { j.panic = recover() }()
	return j.fn(c)
}

// isFault reports whether the file can no longer be trusted. A failed fsync is
// final: the system may have dropped the page and report success next time.
func isFault(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultIOErr, sqlite.ResultCorrupt, sqlite.ResultNotADB:
		return true
	}
	return false
}
