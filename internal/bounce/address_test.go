package bounce_test

import (
	"crypto/rand"
	"math"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/bounce"
)

var (
	addresses = bounce.NewAddresses([]byte("0123456789abcdef0123456789abcdef"), "Bounce.Tryout.example")
	aMail     = beta.MailID{Test: 4322002906539397, Tester: 7, Seq: 1} // 16k0sq3qu11 in base 36
	queued    = time.Date(2026, 11, 24, 9, 0, 0, 123e6, time.UTC)
)

func TestAReturnPathLeadsBackToItsMail(t *testing.T) {
	t.Parallel()
	for _, id := range []beta.MailID{aMail, {Test: 1}, {Test: math.MaxInt64, Tester: math.MaxInt64, Seq: math.MaxInt32}} {
		for _, at := range []time.Time{queued, time.UnixMilli(0).UTC(), time.Date(5188, 1, 1, 0, 0, 0, 0, time.UTC)} {
			text := addresses.Text(id, at)
			for _, s := range []string{text, strings.ToUpper(text)} {
				if got, gotAt, ok := addresses.Parse(s); !ok || got != id || !gotAt.Equal(at) {
					t.Errorf("%s: got %v, %v, %v, want %v, %v", s, got, gotAt, ok, id, at)
				}
			}
			local, host, _ := strings.Cut(text, "@")
			if len(local) > 64 || strings.Trim(local, "abcdefghijklmnopqrstuvwxyz0123456789+.") != "" || host != "bounce.tryout.example" {
				t.Errorf("%s: got a local part of %d octets", text, len(local))
			}
			if e, err := beta.ParseEmail(text); err != nil || e.Key != text {
				t.Errorf("%s: got %v, %v as an address", text, e, err)
			}
		}
	}
}

// What would be longer than an address may be is not read back: it must not be sent.
func TestAReturnPathHasBounds(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		addresses.Text(beta.MailID{Test: 1, Seq: math.MaxInt32 + 1}, queued),
		addresses.Text(beta.MailID{Test: 1, Seq: -1}, queued),
		addresses.Text(beta.MailID{Test: 1, Tester: -1}, queued),
		addresses.Text(beta.MailID{Test: 0}, queued),
		addresses.Text(aMail, time.UnixMilli(-1)),
		addresses.Text(aMail, time.UnixMilli(101559956668416)),
	} {
		if id, at, ok := addresses.Parse(text); ok {
			t.Errorf("%s: got %v, %v", text, id, at)
		}
	}
}

func TestAReturnPathCannotBeForged(t *testing.T) {
	t.Parallel()
	text := addresses.Text(aMail, queued)
	local, _, _ := strings.Cut(text, "@")
	other := bounce.NewAddresses([]byte("another key of thirty-two octets"), addresses.Host())
	for _, s := range []string{
		"", "@", "b+", "b+@" + addresses.Host(), "b+....@" + addresses.Host(), local, local + "@", local + "@example.com", local + "@bounce.tryout.example.",
		" " + text, "<" + text + ">", text + "\n", strings.Replace(text, "b+", "b-", 1), strings.TrimPrefix(text, "b+"), "b+" + text,
		strings.Replace(text, ".7.", ".07.", 1), strings.Replace(text, ".7.", ".+7.", 1), strings.Replace(text, ".7.", ".-7.", 1), strings.Replace(text, ".7.", ".8.", 1),
		strings.Replace(text, "@", ".@", 1), text[:len(text)-1], "postmaster@" + addresses.Host(), other.Text(aMail, queued),
		strings.Replace(text, "k", "\u212a", 1), // the Kelvin sign, whose lower case is k
	} {
		if id, _, ok := addresses.Parse(s); ok {
			t.Errorf("%q: got %v", s, id)
		}
	}
	for at := range len(local) { // each octet changed
		changed := []byte(text)
		changed[at] = '0'
		if text[at] == '0' {
			changed[at] = '1'
		}
		if id, _, ok := addresses.Parse(string(changed)); ok {
			t.Errorf("%q: got %v", changed, id)
		}
	}
}

// The key is a new one in each process, so that nothing the fuzzer comes up
// with, or kept from before, can be an address that was written.
func FuzzAddresses(f *testing.F) {
	key := make([]byte, 32)
	rand.Read(key)
	addresses := bounce.NewAddresses(key, "b.example")
	f.Add(int64(aMail.Test), int64(7), 1, queued.UnixMilli(), uint8(0), uint8(0), "")
	f.Add(int64(1), int64(0), 0, int64(0), uint8(3), uint8(1), "0")
	f.Add(int64(math.MaxInt64), int64(math.MaxInt64), math.MaxInt32, int64(1)<<46, uint8(9), uint8(9), ".")
	f.Add(int64(-1), int64(-1), -1, int64(-1), uint8(2), uint8(255), "b+1.0.0.0.0000000000000000@b.example")
	f.Fuzz(func(t *testing.T, test, tester int64, seq int, ms int64, from, cut uint8, put string) {
		id := beta.MailID{Test: beta.TestID(test), Tester: tester, Seq: seq}
		text := addresses.Text(id, time.UnixMilli(ms))
		possible := test > 0 && tester >= 0 && seq >= 0 && seq <= math.MaxInt32 && ms >= 0 && ms <= 101559956668415
		if got, at, ok := addresses.Parse(text); ok != possible || ok && (got != id || at.UnixMilli() != ms) {
			t.Errorf("%q: got %v, %v, %v, want %v, %d, %v", text, got, at, ok, id, ms, possible)
		}
		if local, _, _ := strings.Cut(text, "@"); possible && len(local) > 64 {
			t.Errorf("%q: got %d octets before the @", text, len(local))
		}
		at := min(int(from), len(text))
		changed := text[:at] + put + text[min(at+int(cut), len(text)):]
		for _, forged := range []string{changed, put} {
			if got, _, ok := addresses.Parse(forged); ok && strings.ToLower(forged) != text {
				t.Errorf("%q: got %v, but %q was written", forged, got, text)
			}
		}
	})
}
