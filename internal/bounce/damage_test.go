package bounce_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"tryout/internal/bounce"
)

// No line that is lost or comes twice makes a report up: whatever is left, only
// addresses that the sample names are ever said to have failed.
func TestDamageNamesNobodyElse(t *testing.T) {
	t.Parallel()
	for name, data := range samples(t) {
		named := recipients(data)
		lines := bytes.SplitAfter(data, []byte("\n"))
		for n, l := range lines {
			before, after := bytes.Join(lines[:n], nil), bytes.Join(lines[n+1:], nil)
			for what, damaged := range map[string][]byte{
				"lost":      slices.Concat(before, after),
				"twice":     slices.Concat(before, l, l, after),
				"the last":  slices.Concat(before, l),
				"cut short": slices.Concat(before, l[:len(l)/2], after),
			} {
				found, _ := bounce.Read(bytes.NewReader(damaged))
				for _, r := range found {
					if r.Kind != bounce.Delivered && r.Recipient != "" && !slices.Contains(named, r.Recipient) {
						if what == "cut short" && strings.Contains(string(data), r.Recipient) {
							continue // a part of what was named
						}
						t.Errorf("%s, line %d %s: got %s for %q, want one of %q", name, n+1, what, r.Kind, r.Recipient, named)
					}
					check(t, r)
				}
			}
		}
	}
}

var recipientField = regexp.MustCompile(`(?i)(?:final|original)-recipient: *(?:rfc822|utf-8); *<?([^>\s]+)`)

// recipients are the addresses that a sample names as recipients, encoded or not.
func recipients(data []byte) []string {
	var named []string
	found, _ := bounce.Read(bytes.NewReader(data))
	for _, r := range found {
		named = append(named, r.Recipient)
	}
	for _, m := range recipientField.FindAllSubmatch(data, -1) {
		named = append(named, string(m[1]))
	}
	return named
}

func FuzzRead(f *testing.F) {
	for _, data := range samples(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := bounce.Read(bytes.NewReader(data))
		if (err == nil) != (len(found) > 0) {
			t.Errorf("got %d reports, %v", len(found), err)
		}
		for _, r := range found {
			check(t, r)
		}
	})
}

// check holds a report against what its fields promise.
func check(t *testing.T, r bounce.Report) {
	t.Helper()
	for _, s := range []string{r.Recipient, r.Enhanced, r.Text, r.RemoteMTA, r.MessageID, r.ReturnPath, r.RelayID} {
		if !utf8.ValidString(s) || len(s) > 2000 || strings.ContainsFunc(s, func(c rune) bool {
			return unicode.IsControl(c) || unicode.In(c, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
		}) {
			t.Errorf("got %q, want one clean line", s)
		}
	}
	if len(r.Text) > 500 || r.Code != 0 && (r.Code < 200 || r.Code > 599) || r.AddressRefused && r.Kind != bounce.Permanent {
		t.Errorf("got %+v", r)
	}
	if r.Kind != bounce.Permanent && r.Kind != bounce.Temporary && r.Kind != bounce.Complaint && r.Kind != bounce.Delivered {
		t.Errorf("got the kind %q", r.Kind)
	}
}
