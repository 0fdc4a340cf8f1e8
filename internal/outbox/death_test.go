package outbox_test

import "net"

// death is when a receiver dies: all of its connections end at once, and new
// ones end as they begin, until it is revived.
type death struct {
	after int    // so many mails
	at    string // one of deaths; empty means never
	of    int    // mails in all
}

// deaths are the moments after the k-th mail.
var deaths = []string{
	"MAIL FROM", "RCPT TO", "DATA", "message", // one more has come that far; message is after 354
	"end of data", // one more was heard in full, and is not taken
	"unanswered",  // the k-th is taken, and not answered
	"silent",      // nor is any from the k-th on, until all connections wait
	"answered",    // the k-th is taken, and was answered
}

// comes reports whether there is such a moment: no other mail follows the last.
func (d death) comes() bool {
	return d.after < d.of || d.at == "unanswered" || d.at == "silent" || d.at == "answered"
}

// enter notes that a connection is at a step; it reports false when the
// connection ends there.
func (v *receiver) enter(c net.Conn, step string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.heard[step]++
	if v.dead {
		return false
	}
	v.open[c] = true
	at := v.death.at
	if v.death.after == 0 && (at == "unanswered" || at == "silent" || at == "answered") {
		at = "banner" // there is no such mail
	}
	if at == step && v.heard[step] > v.death.after {
		v.die()
	}
	return !v.dead
}

// take journals a message, unless the receiver is dead, and reports whether it
// is answered; n is its number.
func (v *receiver) take(m taking) (n int, answers bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.dead {
		return 0, false
	}
	v.taken = append(v.taken, m)
	if v.died || len(v.taken) < v.death.after {
		return len(v.taken), true
	}
	switch v.death.at {
	case "unanswered":
		v.die()
	case "silent":
		v.silent++
		if v.silent == min(workers, v.death.of-v.death.after+1) {
			v.die()
		}
		return 0, false
	}
	return len(v.taken), !v.dead
}

// goesOnAfter reports whether a connection does after the n-th mail was answered.
func (v *receiver) goesOnAfter(n int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.death.at == "answered" && v.death.after == n {
		v.die()
	}
	return !v.dead
}

// die happens once. Who calls it holds the lock.
func (v *receiver) die() {
	if v.died {
		return
	}
	v.dead, v.died, v.cut = true, true, len(v.open)
	for c := range v.open {
		c.Close()
	}
}

func (v *receiver) revive() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.dead = false
}

func (v *receiver) leave(c net.Conn) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.open, c)
	c.Close()
}
