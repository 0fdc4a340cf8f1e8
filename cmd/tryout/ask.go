package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// asker asks the person at the terminal.
type asker struct {
	in    *os.File
	lines *bufio.Reader
	out   io.Writer
}

// newAsker returns nil where nobody is there to answer.
func newAsker(out io.Writer) *asker {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return nil
	}
	return &asker{os.Stdin, bufio.NewReader(os.Stdin), out}
}

// question is what is asked for a flag that was not given.
type question struct {
	flag, text string
	answer     *string // what is known so far, which an empty line keeps
	shown      string  // of it; empty means all of it
	secret     bool
	check      func(c *checker, flag, value string)
}

// ask asks until the answer is good.
func (a *asker) ask(ctx context.Context, q question) error {
	for {
		answer, err := a.line(ctx, q)
		if err != nil {
			return err
		}
		known := *q.answer
		if answer != "" {
			*q.answer = answer
		}
		check := &checker{}
		q.check(check, q.flag, *q.answer)
		if check.mistakes == nil {
			return nil
		}
		a.complain(check.mistakes)
		*q.answer = known
	}
}

// complain says what is wrong with an answer.
func (a *asker) complain(mistakes []error) {
	for _, err := range mistakes {
		text := err.Error()
		if m, is := err.(mistake); is {
			text = m.text
		}
		fmt.Fprintf(a.out, "   No: %s\n", text)
	}
}

// yes asks what is no unless somebody says yes.
func (a *asker) yes(ctx context.Context, text string) (bool, error) {
	answer, err := a.line(ctx, question{text: text + " (yes or no)", answer: new("no")})
	return strings.HasPrefix(strings.ToLower(answer), "y"), err
}

func (a *asker) line(ctx context.Context, q question) (string, error) {
	prompt := q.text
	switch {
	case q.shown != "":
		prompt += " [" + q.shown + "]"
	case *q.answer != "":
		prompt += " [" + *q.answer + "]"
	}
	if q.secret {
		return a.read(ctx, func() (string, error) { return a.unseen(prompt + ": ") })
	}
	fmt.Fprint(a.out, prompt+": ")
	return a.read(ctx, func() (string, error) {
		text, err := a.lines.ReadString('\n')
		return strings.TrimSpace(text), err
	})
}

// unseen shows nothing of what is typed from before the question is there.
func (a *asker) unseen(prompt string) (string, error) {
	before, err := term.MakeRaw(int(a.in.Fd()))
	if err != nil {
		return "", err
	}
	defer term.Restore(int(a.in.Fd()), before)
	return term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{a.in, a.out}, "").ReadPassword(prompt)
}

// read waits for a line, or for ctx; then the terminal is as it was before.
func (a *asker) read(ctx context.Context, line func() (string, error)) (string, error) {
	before, err := term.GetState(int(a.in.Fd()))
	if err != nil {
		return "", err
	}
	type said struct {
		text string
		err  error
	}
	done := make(chan said, 1)
	go func() {
		text, err := line()
		done <- said{text, err}
	}()
	select {
	case got := <-done:
		if errors.Is(got.err, io.EOF) {
			got.err = errors.New("ended before everything was answered")
		}
		return got.text, got.err
	case <-ctx.Done():
		return "", errors.Join(errors.New("interrupted"), term.Restore(int(a.in.Fd()), before))
	}
}
