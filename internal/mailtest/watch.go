package mailtest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
)

// Watch looks at the messages of one receiver, which are of one database. It is
// safe for concurrent use. Set the exported fields before the first message.
type Watch struct {
	Report func(error) // is told of each message with a fault, at once
	Every  int         // read one in so many messages in full, from the first; zero means all

	mu         sync.Mutex
	keys       func(string) ([]string, error)
	count      int
	recipients map[string]bool   // that a message came for
	named      map[string]string // an address that is no recipient's yet, and where it stood first
	links      map[string]string // a personal link, without its signature, and whose it is
	developers map[string]bool
	vendors    []vendor
}

// vendor is what must be seen by nobody but its testers.
type vendor struct {
	words   []string
	testers map[string]bool
}

// New returns a Watch that fails t.
func New(t testing.TB) *Watch {
	return &Watch{Report: func(err error) { t.Error(err) }}
}

// Developer tells that what testers write is forwarded to an address, which
// testers may know: what goes to it may name the one who wrote.
func (w *Watch) Developer(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.makeRoom()
	w.developers[fold(address)] = true
}

// Keys tells where the keys of signatures are: lookup returns the TXT records
// of a name. Without it every signed message is a fault.
func (w *Watch) Keys(lookup func(string) ([]string, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keys = lookup
}

func (w *Watch) lookup() func(string) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.keys
}

// Apart tells that words, a vendor's names and addresses, are for its testers
// only. Whoever belongs to several vendors may see the words of each.
func (w *Watch) Apart(words, testers []string) {
	v := vendor{words: words, testers: map[string]bool{}}
	for _, t := range testers {
		v.testers[fold(t)] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.vendors = append(w.vendors, v)
}

// See looks at a message, which came for the recipients to, and reports what is
// wrong with it.
func (w *Watch) See(to []string, data []byte) {
	if err := w.Check(to, data); err != nil && w.Report != nil {
		w.Report(err)
	}
}

// Check returns what is wrong with a message, in itself and beside those before
// it; nil when nothing is.
func (w *Watch) Check(to []string, data []byte) error {
	if len(to) != 1 {
		return fmt.Errorf("%w in\n%s", Addressed(to, data), data)
	}
	if w.glances() {
		return w.glance(to[0], data)
	}
	m, err := read(data)
	err = errors.Join(octets(data), err)
	if err == nil {
		err = errors.Join(m.fields(to[0]), m.agrees(data), m.signature(data, w.lookup()), w.discloses(to[0], m))
	}
	if err != nil {
		return fmt.Errorf("the message to %s:\n%w\nin\n%s", to[0], err, data)
	}
	return nil
}

// glances counts a message, and reports whether a glance is enough.
func (w *Watch) glances() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	return w.Every > 1 && w.count%w.Every != 1
}

// discloses looks in all that can be read for what only others may know.
func (w *Watch) discloses(to string, m message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	everything := m.everything()
	return errors.Join(w.addresses(to, slices.Collect(addresses(everything))), w.personal(to, everything), w.foreign(to, everything))
}

// makeRoom makes the zero Watch usable. The caller holds the lock.
func (w *Watch) makeRoom() {
	if w.named == nil {
		w.recipients, w.named, w.links, w.developers = map[string]bool{}, map[string]string{}, map[string]string{}, map[string]bool{}
	}
}
