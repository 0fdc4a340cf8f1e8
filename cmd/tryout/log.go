package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	logPause = 5 * time.Millisecond // how long a line may be held
	logRoom  = 64 << 10             // how many bytes of lines may be
)

// newLog returns a log on w, in a known format and level. Under load lines go
// out together, none later than logPause; from a warning on, at once. close writes
// what is held, and whatever is logged afterwards is not held at all.
func newLog(w io.Writer, format, level string) (log *slog.Logger, close func()) {
	var l slog.Level
	l.UnmarshalText([]byte(level)) // checked with the settings
	lines := &lines{out: w, pause: logPause, notice: func(lost int, err error) []byte {
		var line bytes.Buffer
		slog.New(formatted(&line, format, l)).Error("log lines lost", "lines", lost, "err", err)
		return line.Bytes()
	}}
	return slog.New(prompt{formatted(lines, format, l), lines}), lines.close
}

func formatted(w io.Writer, format string, level slog.Level) slog.Handler {
	options := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.NewJSONHandler(w, options)
	}
	return slog.NewTextHandler(w, options)
}

// prompt holds back no line that somebody should see.
type prompt struct {
	slog.Handler
	lines *lines
}

// Handle is what slog.Handler says.
func (p prompt) Handle(ctx context.Context, r slog.Record) error {
	err := p.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		p.lines.flush()
	}
	return err
}

// WithAttrs is what slog.Handler says.
func (p prompt) WithAttrs(attrs []slog.Attr) slog.Handler {
	return prompt{p.Handler.WithAttrs(attrs), p.lines}
}

// WithGroup is what slog.Handler says.
func (p prompt) WithGroup(name string) slog.Handler {
	return prompt{p.Handler.WithGroup(name), p.lines}
}

// lines gathers the lines that handlers write, each whole and in one Write, for
// as few writes to out. A line that comes when none did for a pause goes at
// once; those that come within the pause go together at its end, or when there is
// no more room: then who writes waits, as it would for out itself.
type lines struct {
	out    io.Writer
	pause  time.Duration
	notice func(lost int, err error) []byte // the line that says what could not be written

	mu      sync.Mutex
	held    []byte
	written time.Time // when out was last written
	timed   bool      // a flush will come by itself
	lost    int       // lines, since one was last written
	failed  error     // why

	writing sync.Mutex // held by who writes to out; taken before mu
	spare   []byte     // takes turns with held
}

// Write holds a line, or writes it with those held before.
func (l *lines) Write(line []byte) (int, error) {
	if l.hold(line) {
		l.flush()
	}
	return len(line), nil
}

// hold keeps a line and reports whether all should be written now.
func (l *lines) hold(line []byte) (now bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.held) > logRoom { // out takes no more
		l.lost++
		return true
	}
	l.held = append(l.held, line...)
	rest := l.pause - time.Since(l.written)
	if len(l.held) > logRoom || rest <= 0 {
		return true
	}
	if !l.timed {
		l.timed = true
		time.AfterFunc(rest, l.flush)
	}
	return false
}

// flush writes what is held. What out does not take stays for the next time.
func (l *lines) flush() {
	l.writing.Lock()
	defer l.writing.Unlock()
	for more := true; more; {
		held := l.take()
		n, err := len(held), error(nil)
		if n > 0 {
			n, err = l.out.Write(held)
		}
		more = l.settle(held, n, err)
	}
}

func (l *lines) take() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	held := l.held
	l.held, l.timed, l.written = l.spare[:0], false, time.Now()
	return held
}

// settle notes how far held was written. If lines were lost before, it holds one
// more that says so.
func (l *lines) settle(held []byte, n int, err error) (more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failed = err
		l.held, l.spare = append(held[:copy(held, held[n:])], l.held...), l.held[:0]
		return false
	}
	l.spare = held[:0]
	if l.lost == 0 {
		return false
	}
	l.held = append(l.held, l.notice(l.lost, l.failed)...)
	l.lost = 0
	return true
}

// close writes what is held; from now on nothing is.
func (l *lines) close() {
	l.mu.Lock()
	l.pause = 0
	l.mu.Unlock()
	l.flush()
}
