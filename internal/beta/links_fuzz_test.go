package beta_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"tryout/internal/beta"
)

// The key is a new one in each process, so that nothing the fuzzer comes up
// with, or kept from before, can be a link that was written.
func FuzzLinks(f *testing.F) {
	key := make([]byte, 32)
	rand.Read(key)
	links := beta.NewLinks(key)
	l := aLink()
	f.Add(int64(l.Test), l.Tester, l.Added, uint8(0), uint8(0), "")
	f.Add(int64(l.Test), l.Tester, l.Added, uint8(0), uint8(1), "0")
	f.Add(int64(l.Test), l.Tester, l.Added, uint8(255), uint8(0), "=")
	f.Add(int64(1), int64(1), int64(0), uint8(1), uint8(2), "-+1")
	f.Add(int64(1), int64(-1), int64(-1), uint8(2), uint8(0), "-")
	f.Add(int64(0), int64(0), int64(0), uint8(0), uint8(255), "0-0-0-AAAAAAAAAAAAAAAAAAAAAA")
	f.Add(int64(-1)<<63, int64(-1)<<63, int64(-1)<<63, uint8(0), uint8(255), otherLinks.Text(beta.UnsubscribePlace, l))
	f.Add(int64(1)<<62, int64(1)<<62, int64(1)<<62, uint8(9), uint8(9), strings.Repeat("9", 1000))
	f.Fuzz(func(t *testing.T, test, tester, added int64, from, cut uint8, put string) {
		l := beta.Link{Test: beta.TestID(test), Tester: tester, Added: added}
		text := links.Text(beta.UnsubscribePlace, l)
		possible := test > 0 && tester >= 0 && added >= 0
		if got, ok := links.Parse(beta.UnsubscribePlace, text); ok != possible || ok && got != l {
			t.Errorf("%q: got %+v, %v, want %+v, %v", text, got, ok, l, possible)
		}
		if _, ok := otherLinks.Parse(beta.UnsubscribePlace, text); ok {
			t.Errorf("%q: is read with another key", text)
		}
		at := min(int(from), len(text))
		changed := text[:at] + put + text[min(at+int(cut), len(text)):]
		for _, forged := range []string{changed, put} {
			if got, ok := links.Parse(beta.UnsubscribePlace, forged); ok && forged != text {
				t.Errorf("%q: got %+v, but %q was written", forged, got, text)
			}
		}
	})
}
