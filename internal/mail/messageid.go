package mail

import (
	"strconv"
	"strings"
	"time"

	"tryout/internal/beta"
)

// messageKey is the left side of a letter's Message-ID. It follows from the
// stored mail, so that a second copy has the same; with the time in it, so that
// no other mail ever has, even after an older copy of the database was restored
// and numbers were given again.
func messageKey(l beta.Letter) string {
	return l.ID.String() + "." + strconv.FormatInt(l.QueuedAt.UnixMilli(), 36)
}

// ParseMessageID reads which mail a Message-ID of ours names, without its angle
// brackets and whatever host it has, if any, and when that was queued; ok is false for
// anything else. Anybody can make one: it proves nothing.
func ParseMessageID(s string) (id beta.MailID, queued time.Time, ok bool) {
	key, _, _ := strings.Cut(s, "@")
	part := strings.Split(key, ".")
	if len(part) != 4 {
		return id, queued, false
	}
	test, ok := beta.ParseTestID(part[0])
	tester, errTester := strconv.ParseInt(part[1], 10, 64)
	seq, errSeq := strconv.Atoi(part[2])
	ms, errQueued := strconv.ParseInt(part[3], 36, 64)
	if !ok || errTester != nil || errSeq != nil || errQueued != nil {
		return id, queued, false
	}
	id, queued = beta.MailID{Test: test, Tester: tester, Seq: seq}, time.UnixMilli(ms).UTC()
	return id, queued, messageKey(beta.Letter{ID: id, QueuedAt: queued}) == key
}
