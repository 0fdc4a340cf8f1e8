package mail

import (
	"bufio"
	"strings"

	"tryout/internal/beta"
)

// Stuff is stuff, for fuzzing.
func Stuff(data []byte) []byte { return stuff(nil, data) }

// Quoted is text in quoted-printable.
func Quoted(text string) string { return string(appendQuoted(nil, text)) }

// ReadReply is readReply from a text.
func ReadReply(s string) (Reply, error) {
	r, _, err := readReply(bufio.NewReader(strings.NewReader(s)))
	return r, err
}

// CheckOurs checks Tryout's own words as an operator's are checked.
func CheckOurs() (sheets int, mistakes []error) {
	w, err := ours()
	if err != nil {
		return 0, []error{err}
	}
	for _, kinds := range w.places[place{}] {
		for _, s := range kinds {
			sheets++
			mistakes = append(mistakes, s.check()...)
		}
	}
	return sheets, mistakes
}

// Words is words, for fuzzing.
type Words = words

// BothWays fills the sheet of a letter with words: through its stencils, if it
// has any, and by its templates.
func (w *Wording) BothWays(l beta.Letter, v Words) (ours, theirs [3]string, carved bool, err error) {
	s, _ := w.sheet(l)
	d, err := s.execute(v)
	cut := s.stencils()
	if cut == nil {
		return ours, theirs, false, err
	}
	o := cut.fill(v, s.ending(v))
	return [3]string{o.subject, o.text, o.html}, [3]string{d.subject, d.text, d.html}, true, err
}

// Ours is Tryout's own words.
func Ours() (*Wording, error) { return ours() }
