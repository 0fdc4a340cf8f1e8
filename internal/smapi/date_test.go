package smapi

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBothWaysToWriteADateAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(0, 253402300799999).Draw(t, "milliseconds"))
		if got, want := string(appendDate(nil, at)), date(at); got != want && !at.IsZero() {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

func BenchmarkDate(b *testing.B) {
	at, buf := time.UnixMilli(1537947157589), make([]byte, 0, 64)
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			buf = appendDate(buf[:0], at)
		}
	})
	b.Run("library", func(b *testing.B) {
		for b.Loop() {
			buf = at.AppendFormat(buf[:0], dateFormat)
		}
	})
}
