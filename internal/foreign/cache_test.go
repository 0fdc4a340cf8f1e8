package foreign

import (
	"context"
	"testing"
	"time"

	"tryout/internal/lwa"
)

// What a stranger sends is read by several parsers. One that panics must not
// take the server along, nor keep the next who asks waiting.
func TestAParserThatPanicsIsAnError(t *testing.T) {
	t.Parallel()
	c := newCache(time.Now, make(Places, 1))
	for range 2 {
		_, err := c.guest(t.Context(), lwa.Digest{1}, func(context.Context) (lwa.Guest, time.Time, error) { panic("secret") })
		if err == nil || err.Error() != "judging a token panicked: string" {
			t.Errorf("got %v, want an error that says nothing of the token", err)
		}
	}
}
