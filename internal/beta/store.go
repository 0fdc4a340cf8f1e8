package beta

import (
	"context"
	"errors"
	"time"
)

// Store remembers everything. Its methods fail with an [Unavailable] error when
// the database cannot be asked now; any other error of theirs is ours.
type Store interface {
	// View runs fn on one consistent state. It may run fn again after a lost
	// race, which the first read to notice fails with before it passes anything
	// on: fn sets whatever it sets anew each time. The Reader is another's once
	// fn has returned.
	View(ctx context.Context, fn func(Reader) error) error

	// SkillTest is a View of [Reader.SkillTest] alone.
	SkillTest(ctx context.Context, id SkillID) (Skill, Test, error)

	// SkillAtHand returns a skill where that costs next to nothing, or ErrNoRow;
	// known is false where it would be a trip to a server.
	SkillAtHand(ctx context.Context, id SkillID) (s Skill, known bool, err error)

	// Update runs fn in a transaction that is durable when Update returns nil
	// and without effect when fn fails. It may run fn again after a lost race:
	// fn changes nothing but tx and what it sets anew each time.
	Update(ctx context.Context, fn func(Tx) error) error
}

// ErrNoRow is returned by a [Reader] for a vendor or skill that is not there.
var ErrNoRow = errors.New("no such row")

// Mark names a state of the store: what is read under one mark is all of one
// state, whoever reads it and when. The zero Mark names none.
type Mark [6]uint64

// Reader reads one state. What may be absent is answered with a found flag.
type Reader interface {
	// Mark names the state that is read; zero when the store cannot name it.
	Mark() Mark

	// Last is the reader for one more read, after which nothing is read in the
	// same View: the store need not be told afterwards that it is over.
	Last() Reader

	// Skill returns a skill and the vendor who owns it, or ErrNoRow.
	Skill(id SkillID) (Skill, Vendor, error)
	// Vendor returns a vendor, or ErrNoRow.
	Vendor(id VendorID) (Vendor, error)
	// Skills returns up to limit skills of a vendor after the given id, by id.
	Skills(vendor VendorID, after SkillID, limit int) ([]Skill, error)

	// SkillTest returns a skill and its newest test; the test's ID is zero when
	// it never had one. ErrNoRow when there is no such skill.
	SkillTest(id SkillID) (Skill, Test, error)
	// Newest tells judge of a skill and its newest test, as SkillTest returns
	// them. With ahead, judge may be told as late as before anything of the next
	// read is passed on, whose error judge's error becomes: for who knows what to
	// read next, should judge allow it.
	Newest(id SkillID, ahead bool, judge func(Skill, Test, error) error) error
	// Test returns one round.
	Test(id TestID) (test Test, found bool, err error)

	// Tester returns the tester with the given address key.
	Tester(test TestID, key string) (tester Tester, found bool, err error)
	// NewestTester is Tester in the newest test of a skill.
	NewestTester(id SkillID, key string) (tester Tester, found bool, err error)
	// TesterByNumber returns the tester with the given number.
	TesterByNumber(test TestID, number int64) (tester Tester, found bool, err error)
	// Testers passes up to limit testers to yield, those after the given
	// address key, by address key: what a list shows of them, not Number,
	// Email.Key, FeedbackAt and Mails. next is the key to go on after; empty
	// when these were the last.
	Testers(test TestID, after string, limit int, yield func(Tester) error) (next string, err error)
	// TestersAfter returns up to limit testers with numbers above the given one, by number.
	TestersAfter(test TestID, number int64, limit int) ([]Tester, error)

	// Refusals returns which of the address keys want no mail of a vendor, and why.
	Refusals(vendor VendorID, keys []string) (map[string]Reason, error)
	// FormerTester returns who had a number in a test and was removed.
	FormerTester(test TestID, number int64) (f FormerTester, found bool, err error)

	// Batch returns a batch.
	Batch(id string) (batch Batch, found bool, err error)
	// Addresses returns the addresses of numbers of a test, also of testers who
	// were removed. Numbers of erased people are absent.
	Addresses(test TestID, numbers []int64) (map[int64]Email, error)

	// TesterMails returns every mail queued to a tester, the oldest first.
	TesterMails(test TestID, number int64) ([]MailRecord, error)
	// BatchMails returns the mails to the given testers that a batch caused, by
	// tester; without their replies.
	BatchMails(batch Batch, numbers []int64) (map[int64]MailRecord, error)
	// TesterBatches returns the newest batches that name a tester, up to limit,
	// the newest first.
	TesterBatches(test TestID, number int64, limit int) ([]Batch, error)
	// Former returns those who had an address in a test before and were removed,
	// and the address itself where a call named it in vain (with a zero
	// AssociatedAt): the highest number first.
	Former(test TestID, key string) ([]FormerTester, error)
	// TesterFeedback returns everything that a tester wrote, the oldest first.
	TesterFeedback(test TestID, number int64) ([]Feedback, error)
	// Feedback returns up to limit of what a test's testers wrote, the newest
	// first, from behind a place on.
	Feedback(test TestID, after FeedbackMark, limit int) ([]Feedback, error)
	// TestOfRound returns a skill's test by its round.
	TestOfRound(id SkillID, round int) (test Test, found bool, err error)
	// DueTests returns up to limit tests that time or size left unfinished:
	// those expired at now, STARTING or STOPPING.
	DueTests(now time.Time, limit int) ([]Test, error)
}

// Tx reads and writes inside one transaction. What it reads for a skill's test
// with LockTest stays true until the end of the transaction.
type Tx interface {
	Reader

	// CreateVendor stores a vendor; created is false when the id is taken.
	CreateVendor(v Vendor, now time.Time) (created bool, err error)
	// CreateSkill stores a skill; created is false when the id is taken.
	CreateSkill(s Skill) (created bool, err error)

	// LockTest is SkillTest, holding the skill's test against other writers.
	LockTest(id SkillID) (Skill, Test, error)
	// LockTestOf is LockTest of a vendor's skill. Another's is ErrNoRow too, and
	// neither held nor waited for.
	LockTestOf(vendor VendorID, id SkillID) (Skill, Test, error)
	// CreateTest stores a new round and makes it the skill's newest.
	CreateTest(t Test) error
	// SaveTest overwrites what may change of a test.
	SaveTest(t Test) error

	// AddTesters stores the testers whose address key is not in the test yet
	// and returns the numbers of those stored, ascending.
	AddTesters(test TestID, testers []Tester) (numbers []int64, err error)
	// FindTesters returns the testers with the given address keys, in no order.
	FindTesters(test TestID, keys []string) ([]Tester, error)
	// SaveTesters overwrites what may change of testers.
	SaveTesters(test TestID, testers []Tester) error
	// RemoveTesters moves testers to the history, where their address stays
	// known to batches until it is erased.
	RemoveTesters(test TestID, testers []Tester, now time.Time) error
	// RememberStrangers stores addresses that a call named without their being
	// in the test, under the numbers given, and returns for each key the number
	// it has in the test's history: the new one or an earlier one.
	RememberStrangers(test TestID, strangers []Tester, now time.Time) (map[string]int64, error)

	// Suppress remembers that an address wants no mail of a test; an empty
	// reason forgets it.
	Suppress(test TestID, key string, reason Reason, now time.Time) error
	// Wishes returns what the owners of the address keys said before they were
	// added to a test; who said nothing is absent.
	Wishes(test TestID, vendor VendorID, keys []string) (map[string]Wish, error)

	// Refuse remembers that an address wants no mail of a vendor; an empty
	// reason forgets it. It waits for the transactions that have asked for
	// Wishes, and has the next ones wait.
	Refuse(vendor VendorID, key string, reason Reason, now time.Time) error
	// NotBlocked returns the skills of a vendor, by id, in whose newest test an
	// address is a tester who is not blocked for the reason; with an empty one,
	// who is blocked.
	NotBlocked(vendor VendorID, key string, reason Reason) ([]SkillID, error)
	// TestsOf returns up to limit tests, by id, that know an address: somebody
	// with it is or was there, or was named in vain. Who is just being added is
	// found once Forget has waited for them.
	TestsOf(key string, limit int) ([]Test, error)
	// Forget remembers that the person with an address was erased, by a digest
	// alone, and forgets what they wanted of any vendor; with again, it remembers
	// that they may be added again. Whoever asked for their Wishes before and
	// was not told has ended then, and what they did is seen.
	Forget(key string, again bool, now time.Time) error
	// Erase deletes everything about an address in a test, mails included, and
	// returns the numbers it had, among them the tester's, zero if there is none.
	Erase(test TestID, key string) (numbers []int64, tester int64, err error)
	// AddFeedback stores what a tester wrote.
	AddFeedback(f Feedback) error

	// QueueMails stores mail to be sent.
	QueueMails(mails []Mail) error
	// RequeueMails makes mails whose way had ended due now, with their attempts
	// counted anew.
	RequeueMails(mails []MailRecord, now time.Time) error
	// NoteReturn adds what came back to the attempts of a mail; if its state is
	// still was, it becomes that of the reply.
	NoteReturn(id MailID, was MailState, r Reply) error
	// RecordBatch stores what a call did.
	RecordBatch(b Batch) error
}
