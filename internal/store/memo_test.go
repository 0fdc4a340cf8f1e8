package store_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/lwa"
	"tryout/internal/store"
	"tryout/internal/storetest"
)

// One writer counts, and writes what nobody reads besides; whatever it acknowledged
// every reader must see from then on, by every read that is remembered, and no reader
// may see it go back.
func TestNoReadIsStaleForAMoment(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	s := storetest.Open(t, clock.Now)
	c := &counter{s, clock.Now()}
	must(t, c.create(t))
	var acknowledged atomic.Int64
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for _, read := range c.reads() {
		readers.Go(func() {
			for last := int64(0); ; {
				select {
				case <-stop:
					return
				default:
				}
				least := max(last, acknowledged.Load())
				n, err := read(t)
				if err != nil || n < least {
					t.Errorf("got %d, error %v; want at least %d", n, err, least)
					return
				}
				last = n
			}
		})
	}
	for n := int64(1); n <= 400 && !t.Failed(); n++ {
		must(t, c.write(t, n))
		acknowledged.Store(n)
		if n%50 == 0 {
			time.Sleep(time.Millisecond) // a while in which reads are remembered
		}
	}
	close(stop)
	readers.Wait()
}

// counter keeps one number in each of the rows that a memo remembers.
type counter struct {
	*store.Store
	begin time.Time
}

const (
	counted     = beta.SkillID("S")
	countedTest = beta.TestID(7)
)

func (c *counter) create(t *testing.T) error {
	err := c.Update(t.Context(), func(tx beta.Tx) error {
		if err := addVendor(tx, "V"); err != nil {
			return err
		}
		if _, err := tx.CreateSkill(beta.Skill{ID: counted, Vendor: "V", Name: "S"}); err != nil {
			return err
		}
		if err := tx.CreateTest(beta.Test{ID: countedTest, Skill: counted, Round: 1, Stored: beta.InDraft}); err != nil {
			return err
		}
		_, err := tx.AddTesters(countedTest, []beta.Tester{c.tester(0)})
		return err
	})
	if err != nil {
		return err
	}
	return c.SaveToken(t.Context(), digest, lwa.Token{Vendor: "V", IssuedAt: c.begin, ExpiresAt: c.begin})
}

func (c *counter) tester(n int64) beta.Tester {
	return beta.Tester{Test: countedTest, Number: 1, Email: beta.Email{Given: "a@x.test", Key: "a@x.test"}, State: beta.Invited, Mails: int(n)}
}

func (c *counter) write(t *testing.T, n int64) error {
	err := c.Update(t.Context(), func(tx beta.Tx) error {
		if err := tx.SaveTest(beta.Test{ID: countedTest, Stored: beta.InDraft, Numbers: n}); err != nil {
			return err
		}
		return tx.SaveTesters(countedTest, []beta.Tester{c.tester(n)})
	})
	_, errToken := c.RevokeToken(t.Context(), digest, time.UnixMilli(n))
	_, errClient := c.CreateClient(t.Context(), lwa.Client{ID: fmt.Sprint(n), Vendor: "V"})
	errOther := c.Update(t.Context(), func(tx beta.Tx) error { return tx.QueueMails([]beta.Mail{{ID: beta.MailID{Tester: n}}}) })
	return errors.Join(err, errToken, errClient, errOther)
}

func (c *counter) reads() []func(*testing.T) (int64, error) {
	view := func(read func(beta.Reader) (int64, error)) func(*testing.T) (int64, error) {
		return func(t *testing.T) (n int64, err error) {
			err = c.View(t.Context(), func(r beta.Reader) (err error) {
				n, err = read(r)
				return err
			})
			return n, err
		}
	}
	return []func(*testing.T) (int64, error){
		view(func(r beta.Reader) (int64, error) { _, test, err := r.SkillTest(counted); return test.Numbers, err }),
		view(func(r beta.Reader) (int64, error) { test, _, err := r.Test(countedTest); return test.Numbers, err }),
		view(func(r beta.Reader) (int64, error) {
			tester, _, err := r.Tester(countedTest, "a@x.test")
			return int64(tester.Mails), err
		}),
		view(bothAlike),
		func(t *testing.T) (int64, error) {
			token, _, err := c.Token(t.Context(), digest)
			return max(0, token.RevokedAt.UnixMilli()), err
		},
	}
}

// bothAlike reads the number from two rows, which must be of one state.
func bothAlike(r beta.Reader) (int64, error) {
	_, test, err := r.SkillTest(counted)
	if err != nil {
		return 0, err
	}
	tester, _, err := r.TesterByNumber(countedTest, 1)
	if err != nil {
		return 0, err
	}
	if int64(tester.Mails) != test.Numbers {
		return -1, nil
	}
	return test.Numbers, nil
}
