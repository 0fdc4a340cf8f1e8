package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// memoryIdle is what the process needs with all testers in its database, once
// it is ready and nobody asks.
func (b *bench) memoryIdle(ctx context.Context) (measured, error) {
	pause(ctx, 2*time.Second)
	size, err := b.databaseSize()
	if err != nil {
		return measured{}, err
	}
	return b.memory(fmt.Sprintf("resident set two seconds after the start; the database is %d MB, %d bytes a tester", size/1e6, size/int64(b.testers)))
}

// databaseSize is how many bytes the testers and what little is beside them take.
func (b *bench) databaseSize() (size int64, err error) {
	for _, name := range []string{"tryout.db", "tryout.db-wal"} {
		info, err := os.Stat(filepath.Join(b.dir, "data", name))
		if err != nil {
			return 0, err
		}
		size += info.Size()
	}
	return size, nil
}

// memoryAfter is what it needs at the end of what was measured before.
func (b *bench) memoryAfter(context.Context) (measured, error) {
	return b.memory("resident set right after the last request")
}

func (b *bench) memory(note string) (measured, error) {
	now, err := b.server.memory()
	return measured{values: []float64{now}, note: note}, err
}

// coldStart is the time from exec to the first good answer: a page of the list,
// which needs the database, the token and all testers' beginning.
func (b *bench) coldStart(ctx context.Context) (m measured, err error) {
	b.server.stop()
	for range b.rounds {
		took, err := b.startOnce(ctx)
		if err != nil {
			return m, err
		}
		m.values = append(m.values, took.Seconds()*1000)
	}
	m.note = fmt.Sprintf("with %d testers, the file in the system's cache", b.testers)
	return m, nil
}

func (b *bench) startOnce(ctx context.Context) (time.Duration, error) {
	begun := time.Now()
	s, err := execServer(ctx, b.tryout, filepath.Join(b.dir, "data"), b.relay.Addr().String())
	if err != nil {
		return 0, err
	}
	defer s.stop()
	request := b.data.list(nil, "", 10)
	for time.Since(begun) < patience {
		if c, err := dial(s.addr); err == nil {
			_, err = c.ask(request)
			c.Close()
			return time.Since(begun), err
		}
		time.Sleep(100 * time.Microsecond)
	}
	return 0, fmt.Errorf("no answer within %v", patience)
}

// binarySize is what a user downloads.
func (b *bench) binarySize(context.Context) (measured, error) {
	info, err := os.Stat(b.tryout)
	if err != nil {
		return measured{}, err
	}
	return measured{values: []float64{float64(info.Size()) / 1e6}, note: "25 MB while there is no console"}, nil
}
