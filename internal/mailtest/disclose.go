package mailtest

import (
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// addresses looks for those of other recipients, of messages before this one
// and, when theirs come, after it. The caller holds the lock.
func (w *Watch) addresses(to string, found []string) (err error) {
	w.makeRoom()
	me, others := fold(to), 0
	if where, shown := w.named[me]; shown && !w.developers[me] && !w.recipients[me] {
		err = fmt.Errorf("%s, a recipient, stood before %s", me, where)
	}
	w.recipients[me] = true
	for _, a := range found {
		switch {
		case a == me || w.developers[a]:
		case w.recipients[a] && !w.developers[me]:
			err = errors.Join(err, fmt.Errorf("it shows the address of another recipient, %s", a))
		case w.recipients[a]:
			others++
		case w.named[a] == "" && !w.developers[me]:
			w.named[a] = "in the message to " + me
		}
	}
	if others > 1 {
		err = errors.Join(err, fmt.Errorf("it shows the addresses of %d testers", others))
	}
	return err
}

// personalLink is a link of ours: test and tester, then a signature.
var personalLink = regexp.MustCompile(`/[a-z]/([0-9a-z]+-[0-9]+)-[A-Za-z0-9_-]{16,}`)

// personal requires that a link is mailed to one address only.
func (w *Watch) personal(to, text string) error {
	for _, m := range personalLink.FindAllStringSubmatch(text, -1) {
		if whose, known := w.links[m[1]]; known && whose != fold(to) {
			return fmt.Errorf("it has the link of %s: %s", whose, m[0])
		}
		w.links[m[1]] = fold(to)
	}
	return nil
}

// foreign looks for the words of vendors that the recipient is no tester of.
func (w *Watch) foreign(to, text string) error {
	mine := map[string]bool{}
	for _, v := range w.vendors {
		for _, word := range v.words {
			mine[word] = mine[word] || v.testers[fold(to)] || fold(word) == fold(to)
		}
	}
	for word, known := range mine {
		if !known && strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
			return fmt.Errorf("it shows what is another vendor's: %q", word)
		}
	}
	return nil
}

// addresses are what looks like one in a text, folded, each once.
func addresses(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		var seen []string
		for rest := text; ; {
			at := strings.IndexByte(rest, '@')
			if at < 0 {
				return
			}
			local, domain := rest[:at], rest[at+1:]
			local = local[strings.LastIndexFunc(local, ends)+1:]
			if end := strings.IndexFunc(domain, ends); end >= 0 {
				domain = domain[:end]
			}
			a := fold(local + "@" + strings.TrimRight(domain, "."))
			if local != "" && domain != "" && !slices.Contains(seen, a) {
				seen = append(seen, a)
				if !yield(a) {
					return
				}
			}
			rest = rest[at+1:]
		}
	}
}

// ends reports whether an address cannot go on over r.
func ends(r rune) bool { return r <= ' ' || strings.ContainsRune(`<>()[],;:"\@/?&`, r) }

// fold makes two spellings of one address equal.
func fold(address string) string {
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	if !isASCII(domain) {
		if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
			domain = ascii
		}
	}
	return local + "@" + domain
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}
