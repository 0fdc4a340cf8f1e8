package smapi

import (
	"testing"
	"time"
)

// ask-cli passes a nextToken on as an argument and takes one that begins with a
// dash for an option, or for several.
func TestAPageTokenIsNoOption(t *testing.T) {
	t.Parallel()
	p, err := NewPages(make([]byte, 32), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for range 2000 { // the nonce is random
		if token := p.token("testers", mark{1, "a@x.test"}); token[0] == '-' {
			t.Fatalf("got the token %s", token)
		}
	}
}
