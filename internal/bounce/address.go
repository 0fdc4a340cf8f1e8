package bounce

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"
	"time"

	"tryout/internal/beta"
)

// Addresses writes and reads the return paths of mails (the envelope sender,
// "VERP"): b+test.tester.seq.queued.code@host. The code is an HMAC-SHA256 over
// the rest, cut to 80 bits, so nobody can forge a bounce of a mail that they
// have not seen; its recipient has, and can return it, as anybody can. Nothing
// of a return path is stored.
//
// The local part has letters, digits, + and dots only, at most 64 octets, and
// means the same in upper case: some servers change it.
type Addresses struct {
	key  []byte
	host string
}

// codeText writes ten octets as sixteen letters and digits of one case.
var codeText = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

const codeSize = 10

// Bounds that keep a local part within its 64 octets (RFC 5321, 4.5.3.1.1).
const (
	maxSeq    = 1<<31 - 1       // six digits of base 36
	maxQueued = 101559956668415 // nine: the year 5188
)

// NewAddresses returns the addresses at host that key authenticates, at least
// 32 random bytes.
func NewAddresses(key []byte, host string) Addresses {
	return Addresses{key, strings.ToLower(host)}
}

// Host returns the part after the @.
func (a Addresses) Host() string { return a.host }

// Text returns the return path of the mail that was queued then.
func (a Addresses) Text(id beta.MailID, queued time.Time) string {
	name := strings.Join([]string{
		"b+" + id.Test.String(),
		strconv.FormatInt(id.Tester, 36),
		strconv.FormatInt(int64(id.Seq), 36),
		strconv.FormatInt(queued.UnixMilli(), 36),
	}, ".")
	return name + "." + a.code(name) + "@" + a.host
}

// Parse reads what [Addresses.Text] wrote, in whatever case; ok is false for
// anything else.
func (a Addresses) Parse(s string) (id beta.MailID, queued time.Time, ok bool) {
	if strings.ContainsFunc(s, func(r rune) bool { return r > 0x7f }) { // some of them have an ASCII lower case
		return beta.MailID{}, time.Time{}, false
	}
	s = strings.ToLower(s)
	local, _, _ := strings.Cut(s, "@")
	part := strings.Split(strings.TrimPrefix(local, "b+"), ".")
	if len(part) != 5 {
		return beta.MailID{}, time.Time{}, false
	}
	test, ok := beta.ParseTestID(part[0])
	tester, errTester := strconv.ParseInt(part[1], 36, 64)
	seq, errSeq := strconv.ParseInt(part[2], 36, 64)
	ms, errQueued := strconv.ParseInt(part[3], 36, 64)
	if !ok || errTester != nil || errSeq != nil || errQueued != nil ||
		tester < 0 || seq < 0 || seq > maxSeq || ms < 0 || ms > maxQueued {
		return beta.MailID{}, time.Time{}, false
	}
	id, queued = beta.MailID{Test: test, Tester: tester, Seq: int(seq)}, time.UnixMilli(ms).UTC()
	if !hmac.Equal([]byte(s), []byte(a.Text(id, queued))) {
		return beta.MailID{}, time.Time{}, false
	}
	return id, queued, true
}

func (a Addresses) code(name string) string {
	mac := hmac.New(sha256.New, a.key)
	mac.Write([]byte("return path " + name))
	return codeText.EncodeToString(mac.Sum(nil)[:codeSize])
}
