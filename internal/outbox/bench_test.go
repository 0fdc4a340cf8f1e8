package outbox_test

import (
	"io"
	"log/slog"
	"testing"
)

// BenchmarkDelivery delivers over SMTP, from a store on disk, 500 mails at a time.
func BenchmarkDelivery(b *testing.B) {
	const batch = 500
	r := newRig(b, nil)
	r.logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	o, _, settled := overSMTP(r)
	o.Workers = 8
	r.run(o)
	b.ReportAllocs()
	mails := 0
	for b.Loop() {
		r.add(mails+1, mails+batch)
		settled(batch)
		mails += batch
	}
	b.ReportMetric(float64(mails)/b.Elapsed().Seconds(), "mails/s")
}
