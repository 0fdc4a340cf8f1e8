package outbox_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
	"tryout/internal/mailtest"
	"tryout/internal/outbox"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

const skill = beta.SkillID("skill")

var owner = beta.Caller{Name: "test", Vendor: "vendor", Write: true}

// rig is delivery on a real store, with a running test and a relay that follows
// a script. At the end of the test its log must have named nobody.
type rig struct {
	testing.TB
	dir      string
	store    *store.Store
	service  *beta.Service
	links    beta.Links
	relay    *relay
	log      *journal
	logger   *slog.Logger
	outboxes []*outbox.Outbox
}

// journal is a log that can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// newRig's relay takes every message when script is nil.
func newRig(t testing.TB, script script) *rig {
	t.Helper()
	r := bareRig(t, script)
	r.relay.watch = mailtest.New(t)
	r.dir = t.TempDir()
	r.store = storetest.OpenDir(t, r.dir, time.Now)
	r.links = beta.NewLinks(make([]byte, 32))
	r.service = beta.NewService(r.store, time.Now, beta.Rules{Cap: 100_000, Life: 1000 * time.Hour}, func(at beta.Place, l beta.Link) string {
		return "https://tryout.example/" + string(at) + "/" + r.links.Text(at, l)
	}, r.wake)
	ctx := t.Context()
	r.must(r.service.CreateVendor(ctx, beta.Vendor{ID: owner.Vendor, Name: "Vendor"}))
	r.must(r.service.CreateSkill(ctx, beta.Skill{ID: skill, Vendor: owner.Vendor, Name: "Skill"}))
	r.must(r.service.CreateTest(ctx, owner, skill, ""))
	_, err := r.service.StartTest(ctx, owner, skill)
	r.must(err)
	return r
}

// bareRig has no store.
func bareRig(t testing.TB, script script) *rig {
	r := &rig{TB: t, relay: &relay{script: script, tries: map[string]int{}}, log: &journal{}}
	r.logger = slog.New(slog.NewTextHandler(r.log, nil))
	return r
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) wake() {
	for _, o := range r.outboxes {
		o.Wake()
	}
}

// outbox returns one more outbox on the store, not running yet. It hardly
// polls: whatever it does in time, it does without.
func (r *rig) outbox() *outbox.Outbox {
	r.Helper()
	writer, err := mail.NewWriter("Tryout <tryout@tryout.example>", "tryout.example")
	r.must(err)
	o := &outbox.Outbox{
		Queue: r.store, Author: r.service, Writer: writer, Relays: []outbox.Sender{r.relay},
		Now: time.Now, Log: r.logger, Poll: time.Hour,
	}
	r.outboxes = append(r.outboxes, o)
	return o
}

// run starts an outbox; stop, which the end of the test calls too, waits for it.
func (r *rig) run(o *outbox.Outbox) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { o.Run(ctx) })
	stop = func() {
		cancel()
		running.Wait()
	}
	r.Cleanup(func() {
		stop()
		if strings.Contains(r.log.String(), "@") {
			r.Errorf("the log has an address:\n%s", r.log)
		}
	})
	return stop
}

func address(n int) string { return fmt.Sprintf("t%d@example.com", n) }

// add adds the testers from t(first) to t(last), who are invited at once.
func (r *rig) add(first, last int) {
	r.Helper()
	var emails []beta.Email
	for n := first; n <= last; n++ {
		e, err := beta.ParseEmail(address(n))
		r.must(err)
		emails = append(emails, e)
	}
	_, err := r.service.AddTesters(r.Context(), owner, skill, emails)
	r.must(err)
}
