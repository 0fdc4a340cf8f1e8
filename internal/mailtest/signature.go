package mailtest

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
)

var signedHere = regexp.MustCompile(`(?:^|;)\s*h=([^;]*)`)

// signature requires of a signed message that the signature covers what a
// reader is shown and the one-click offer (RFC 8058, 4), and that it verifies.
func (m message) signature(data []byte, lookup func(string) ([]string, error)) error {
	value := m.header.Get("Dkim-Signature")
	if value == "" {
		return nil
	}
	var covered []string
	if h := signedHere.FindStringSubmatch(value); h != nil {
		for name := range strings.SplitSeq(strings.ToLower(h[1]), ":") {
			covered = append(covered, strings.Join(strings.Fields(name), ""))
		}
	}
	for _, name := range []string{"from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post"} {
		if !slices.Contains(covered, name) {
			return fmt.Errorf("the signature covers %q, and not %s", covered, name)
		}
	}
	if lookup == nil {
		return errors.New("it is signed, and the test did not say where its key is")
	}
	found, err := dkim.VerifyWithOptions(bytes.NewReader(data), &dkim.VerifyOptions{LookupTXT: lookup})
	if err != nil || len(found) != 1 {
		return fmt.Errorf("%d signatures: %w", len(found), err)
	}
	return found[0].Err
}
