package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// paper is what a log is written on: it keeps every Write, and can be made to fail.
type paper struct {
	mu     sync.Mutex
	writes []string
	takes  int // bytes of the next Write before it fails; negative for all
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.takes >= 0 {
		b = b[:p.takes]
	}
	p.writes = append(p.writes, string(b))
	if p.takes >= 0 {
		return len(b), errors.New("no room")
	}
	return len(b), nil
}

func (p *paper) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.writes)
}

func (p *paper) text() string { return strings.Join(p.seen(), "") }

func newLines(out *paper) *lines {
	return &lines{out: out, pause: logPause, notice: func(lost int, err error) []byte {
		return fmt.Appendf(nil, "lost %d: %v\n", lost, err)
	}}
}

func TestALineAfterAPauseIsWrittenAtOnceAndABurstTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &paper{takes: -1}
		l := newLines(out)
		for _, line := range []string{"a\n", "b\n", "c\n"} {
			l.Write([]byte(line))
		}
		if want := []string{"a\n"}; !slices.Equal(out.seen(), want) {
			t.Errorf("at once: wrote %q, want %q", out.seen(), want)
		}
		time.Sleep(logPause)
		synctest.Wait()
		time.Sleep(logPause)
		l.Write([]byte("d\n"))
		if want := []string{"a\n", "b\nc\n", "d\n"}; !slices.Equal(out.seen(), want) {
			t.Errorf("later: wrote %q, want %q", out.seen(), want)
		}
	})
}

func TestAWarningTakesWhatIsHeldWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &paper{takes: -1}
		log, _ := newLog(out, "json", "info")
		log = log.With("part", "x").WithGroup("g")
		log.Info("one")
		log.Info("two", "n", 2)
		log.Warn("three")
		if text := out.text(); strings.Count(text, "\n") != 3 || !strings.Contains(text, `"msg":"two","part":"x","g":{"n":2}`) {
			t.Errorf("wrote %q, want all three lines", text)
		}
	})
}

func TestAClosedLogHoldsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &paper{takes: -1}
		log, closeLog := newLog(out, "text", "info")
		log.Info("one")
		log.Info("two")
		closeLog()
		log.Info("three")
		if n := strings.Count(out.text(), "\n"); n != 3 {
			t.Errorf("%d lines, want 3: %q", n, out.seen())
		}
	})
}

func TestHeldLinesAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // where no time passes
		out := &paper{takes: -1}
		l, line := newLines(out), strings.Repeat("x", 1023)+"\n"
		for range 1000 {
			l.Write([]byte(line))
			if len(l.held) > logRoom+len(line) {
				t.Fatalf("%d bytes held", len(l.held))
			}
		}
		l.close()
		if out.text() != strings.Repeat(line, 1000) {
			t.Errorf("%d bytes written, want %d", len(out.text()), 1000*len(line))
		}
	})
}

func TestLinesThatCannotBeWrittenAreKeptOrCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &paper{takes: 3}
		l, line := newLines(out), strings.Repeat("x", 1023)+"\n"
		l.Write([]byte("first\n")) // half of it goes
		out.takes = 0
		const more = 1000
		for range more {
			l.Write([]byte(line))
		}
		if len(l.held) > 2*logRoom {
			t.Errorf("%d bytes held", len(l.held))
		}
		out.takes = -1
		l.close()
		kept := strings.Count(out.text(), line)
		if want := "first\n" + strings.Repeat(line, kept) + fmt.Sprintf("lost %d: no room\n", more-kept); out.text() != want || kept == 0 || kept == more {
			t.Errorf("%d lines kept, got %.20q...%q", kept, out.text(), out.text()[max(0, len(out.text())-40):])
		}
	})
}

func TestLinesOfManyAreWholeAndInOrder(t *testing.T) {
	t.Parallel()
	out := &paper{takes: -1}
	log, closeLog := newLog(out, "text", "info")
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := range 500 {
				log.Info("line", "writer", w, "i", i)
			}
		})
	}
	writers.Wait()
	closeLog()
	next := map[int]int{}
	for text := range strings.Lines(out.text()) {
		_, rest, _ := strings.Cut(text, "msg=line ")
		var w, i int
		if _, err := fmt.Sscanf(rest, "writer=%d i=%d\n", &w, &i); err != nil || i != next[w] {
			t.Fatalf("line %q: %v, want writer %d's line %d", text, err, w, next[w])
		}
		next[w]++
	}
	for w := range 8 {
		if next[w] != 500 {
			t.Errorf("writer %d: %d lines, want 500", w, next[w])
		}
	}
}
