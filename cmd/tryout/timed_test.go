package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
	"tryout/internal/outbox"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

// hands is one of several replicas that do what time brings: the domain and an
// outbox on a store of their own.
type hands struct {
	*beta.Service
	store  *store.Store
	outbox *outbox.Outbox
}

// newHands has so many replicas at one database and one clock; letters go to relay.
func newHands(t *testing.T, n int, clock *storetest.Clock, relay outbox.Sender) (all []*hands, database string) {
	t.Helper()
	database = storetest.NewPostgres(t)
	writer, err := mail.NewWriter("beta@tryout.test", "tryout.test")
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		s, err := store.Open(t.Context(), database, make([]byte, store.KeySize), clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		h := &hands{store: s, outbox: &outbox.Outbox{}}
		h.Service = beta.NewService(s, clock.Now, beta.Rules{Cap: 5000, Life: time.Hour},
			func(at beta.Place, l beta.Link) string { return fmt.Sprintf("https://try.example/%s/%d", at, l.Tester) }, h.outbox.Wake)
		h.outbox.Queue, h.outbox.Author, h.outbox.Writer, h.outbox.Relays = s, h.Service, writer, []outbox.Sender{relay}
		h.outbox.Now, h.outbox.Log, h.outbox.Poll = clock.Now, slog.New(slog.DiscardHandler), 20*time.Millisecond
		all = append(all, h)
	}
	return all, database
}

// counter is a relay that takes everything and counts.
type counter struct {
	mu     sync.Mutex
	copies map[string]int // by recipient and subject
}

func (c *counter) Send(ctx context.Context, write func() (mail.Message, error), begin func(context.Context) error) (mail.Reply, error) {
	m, err := write()
	if err == nil {
		err = begin(ctx)
	}
	if err != nil {
		return mail.Reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.copies[m.To]++
	return mail.Reply{Code: 250}, nil
}

const crowd = 2*beta.Step + 200 // so many that a test starts and ends in steps

// Three replicas do what is due, all at once and again and again, and deliver.
func TestWhatTimeBringsIsDoneOnceHoweverManyReplicasDoIt(t *testing.T) {
	t.Parallel()
	clock, relay := storetest.NewClock(), &counter{copies: map[string]int{}}
	all, database := newHands(t, 3, clock, relay)
	by := beta.Caller{Name: "owner", Vendor: "V1", Write: true}
	one := all[0]
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(one.CreateVendor(t.Context(), beta.Vendor{ID: "V1", Name: "Vendor"}))
	must(one.CreateSkill(t.Context(), beta.Skill{ID: hush, Vendor: "V1", Name: "Skill"}))
	must(one.CreateTest(t.Context(), by, hush, ""))
	must(addCrowd(t.Context(), one.Service, by))
	ctx, stop := context.WithCancel(t.Context())
	var outboxes sync.WaitGroup
	defer outboxes.Wait()
	defer stop()
	for _, h := range all {
		outboxes.Go(func() { h.outbox.Run(ctx) })
	}
	_, err := one.StartTest(t.Context(), by, hush)
	must(err)
	must(tickAll(t.Context(), all))
	until(t, "everybody is invited", func() bool { clock.Advance(5 * time.Millisecond); return mailsSent(t, database) == crowd }) // what was given back for a moment is due again
	clock.Advance(2 * time.Hour)
	must(tickAll(t.Context(), all))
	until(t, "everybody is told of the end", func() bool { clock.Advance(5 * time.Millisecond); return mailsSent(t, database) == 2*crowd })
	for to, n := range relay.copies {
		if n != 2 {
			t.Errorf("%s got %d mails, want an invitation and that it is over", to, n)
		}
	}
	batches := storetest.Rows(t, database, `
		select operation, sum(last_tester - first_tester + 1), count(*) = 1
		from batches
		where operation = 'EXPIRE' or operation in ('START', 'END') and last_tester > 0
		group by operation
		order by operation`)
	want := fmt.Sprintf("[[END %d f] [EXPIRE 1 t] [START %d f]]", crowd, crowd)
	if got := fmt.Sprint(batches); got != want {
		t.Errorf("batches are %s, want %s: each tester named once, the end of its time recorded once", got, want)
	}
}

func addCrowd(ctx context.Context, s *beta.Service, by beta.Caller) error {
	for from := 0; from < crowd; from += 100 {
		var emails []beta.Email
		for n := from; n < from+100; n++ {
			e, err := beta.ParseEmail(fmt.Sprintf("t%d@x.test", n))
			if err != nil {
				return err
			}
			emails = append(emails, e)
		}
		if _, err := s.AddTesters(ctx, by, hush, emails); err != nil {
			return err
		}
	}
	return nil
}

// tickAll has every replica do all that is due, two of each at once.
func tickAll(ctx context.Context, all []*hands) error {
	var ticking sync.WaitGroup
	errs := make([]error, 2*len(all))
	for i := range errs {
		ticking.Go(func() {
			for more := true; more && errs[i] == nil; {
				more, errs[i] = all[i/2].Tick(ctx)
			}
		})
	}
	ticking.Wait()
	return errors.Join(errs...)
}

func mailsSent(t *testing.T, database string) (n int) {
	t.Helper()
	fmt.Sscan(storetest.Rows(t, database, "select count(*) from mails where state = 'sent'")[0][0], &n)
	return n
}

// A replica that is asked to send something and cannot, or dies before it does,
// leaves it to the others, who look for it every few seconds.
func TestMailThatAnotherReplicaQueuedLeavesWithinItsTime(t *testing.T) {
	t.Parallel()
	box := openInbox(t)
	relay, err := mail.ParseRelay("smtp://" + box.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	twins := newTwins(t, func(s *settings) { s.relays, s.connections = []mail.Relay{relay}, 1 })
	ctx, stop := context.WithCancel(t.Context())
	var delivery sync.WaitGroup
	defer delivery.Wait()
	defer stop()
	delivery.Go(func() { twins[1].outbox.Run(ctx) }) // and that of twins[0] never does
	twins[0].must(201, "POST", tests, "{}")
	twins[0].must(202, "POST", tests+"/start", "")
	last := 0
	for n := range 2 {
		begun := time.Now()
		twins[0].must(204, "POST", tests+"/testers/add", addBody(fmt.Sprintf("t%d@x.test", n)))
		arrived, err := box.Next(t.Context(), last)
		if err != nil {
			t.Fatal(err)
		}
		last = arrived.ID
		if took := time.Since(begun); took > 7*time.Second { // of which 2 are for the machine
			t.Errorf("taken over after %v, want 5 s", took)
		} else {
			t.Logf("taken over after %v", took.Round(time.Millisecond))
		}
	}
}

func TestServersKnowHowManyTheyAre(t *testing.T) {
	t.Parallel()
	site := newSiteOn(t, postgresHome(t), openInbox(t).Addr().String())
	one := site.serve()
	other := site.serve()
	lives := func(n float64) func() bool {
		return func() bool {
			list := one.log.records("replicas")
			return len(list) > 0 && list[len(list)-1]["live"] == n
		}
	}
	until(t, "the first knows of the second", lives(2))
	other.stop()
	until(t, "it knows that it left", lives(1))
	another := site.serve()
	until(t, "it knows of the third", lives(2))
	another.cmd.Process.Kill()
	another.wait()
	until(t, "it knows that it died", lives(1))
}
