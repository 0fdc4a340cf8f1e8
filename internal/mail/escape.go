package mail

import (
	htmltemplate "html/template"
	"io"
	"strings"
	"sync"
	"text/template/parse"
)

// escaper returns a word as it must stand in one place of a sheet.
type escaper func(word string) string

// asItIs is the escaper of text.
func asItIs(chain string) (escaper, bool) {
	return func(word string) string { return word }, chain == ""
}

// inHTML finds the escaper of a place in HTML by the names that html/template
// has given to what it passes a word through there.
func inHTML(chain string) (escaper, bool) {
	e, known := escapers()[chain]
	return e, known
}

// escapers are those of the places where letters have words. In each html/template
// itself escapes; it is only spared the words that it leaves as they are.
var escapers = sync.OnceValue(func() map[string]escaper {
	all := map[string]escaper{}
	for _, around := range [][2]string{
		{"", ""}, {"<title>", "</title>"}, {`<a href="`, `">`}, {`<a href="mailto:`, `">`}, {`<a title="`, `">`},
	} {
		t := htmltemplate.Must(htmltemplate.New("").Parse(around[0] + "{{.}}" + around[1]))
		t.Execute(io.Discard, "") // then it is known what the word is passed through
		for _, n := range t.Tree.Root.Nodes {
			if action, is := n.(*parse.ActionNode); is {
				all[chain(action.Pipe)] = newEscaper(t, len(around[0]), len(around[1]))
			}
		}
	}
	return all
})

// newEscaper is what t does to the word that it has between so many octets.
func newEscaper(t *htmltemplate.Template, before, after int) escaper {
	escape := func(word string) string {
		var b strings.Builder
		t.Execute(&b, word) // neither a template of one word nor a Builder fails
		return b.String()[before : b.Len()-after]
	}
	inWords, inLinks := unchanged(escape, "a"), unchanged(escape, "https://a")
	return func(word string) string {
		stays := &inWords
		if strings.HasPrefix(word, "https://") || strings.HasPrefix(word, "http://") {
			stays = &inLinks
		}
		for i := range len(word) {
			if !stays[word[i]] {
				return escape(word)
			}
		}
		return word
	}
}

// unchanged learns which octets stay as they are in what begins so. Each is
// judged by itself: only the scheme of a link decides about more than itself.
func unchanged(escape func(string) string, begin string) (stays [256]bool) {
	for c := range stays {
		word := begin + string([]byte{byte(c)}) + "a"
		stays[c] = escape(word) == word
	}
	return stays
}
