package bounce_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tryout/internal/beta"
	"tryout/internal/bounce"
)

func TestWhereAMessageCameToStandsInItsHeader(t *testing.T) {
	t.Parallel()
	message := "To: Somebody Else\r\nX-Broken line\r\nX-Original-To: b@y.example\r\nDelivered-To:\r\n a@x.example\r\nTo: <c@z.example>\r\n\r\nDelivered-To: d@z.example\r\n"
	want := []string{"a@x.example", "b@y.example", "c@z.example"}
	if diff := cmp.Diff(want, bounce.DeliveredTo([]byte(message))); diff != "" {
		t.Error(diff)
	}
	many := strings.Repeat("Delivered-To: a@x.example\n", 1000)
	if got := bounce.DeliveredTo([]byte(many)); len(got) > 10 {
		t.Errorf("%d addresses", len(got))
	}
	if got := bounce.DeliveredTo(nil); got != nil {
		t.Errorf("of nothing: %q", got)
	}
}

func TestAReturnPathIsProvedAtWhateverHost(t *testing.T) {
	t.Parallel()
	id, queued := beta.MailID{Test: 7, Tester: 2, Seq: 1}, time.UnixMilli(1_700_000_000_000).UTC()
	text := bounce.NewAddresses([]byte(strings.Repeat("k", 32)), "one.example").Text(id, queued)
	for key, want := range map[string]bool{"k": true, "x": false} {
		a := bounce.NewAddresses([]byte(strings.Repeat(key, 32)), "")
		if got, at, ok := a.At(text).Parse(text); ok != want || ok && (got != id || !at.Equal(queued)) {
			t.Errorf("key %s: got %v, %v, %v", key, got, at, ok)
		}
	}
	if _, _, ok := bounce.NewAddresses(nil, "").At("none").Parse("none"); ok {
		t.Error("no address: got one")
	}
}
