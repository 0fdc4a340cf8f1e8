package mail

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"

	"tryout/internal/beta"
)

// Wording is the words of all mail: Tryout's own, and an operator's before them.
type Wording struct {
	places map[place]map[beta.Language]map[beta.MailKind]*sheet
}

//go:embed templates
var templates embed.FS

// ours is Tryout's own words.
var ours = sync.OnceValues(func() (*Wording, error) { return bind(&reading{}) })

// ReadWording reads an operator's words. In the folder, and again in its folders
// vendors/ID and vendors/ID/skills/ID, stand
//
//   - KIND.txt and KIND.html, always both;
//   - the same in a folder named by a language, such as de;
//   - language.json in such a folder: what a language brings that Tryout has not;
//   - layout.html, which holds the content of every HTML there.
//
// A letter is written from what is most special: the skill's files, the vendor's,
// those for all, Tryout's own; of each in the wanted language, in its base, in
// English, in none. The same for the layout. The error names everything that is
// wrong, a line each, with the file.
func ReadWording(dir fs.FS) (*Wording, error) {
	r := &reading{fs: dir, folders: map[place]folder{}}
	r.place(".", place{})
	return bind(r)
}

// binder makes sheets of what was read.
type binder struct {
	*reading
	ours   folder
	sheets map[pattern]*sheet // so that those who share files share the sheet
}

func bind(r *reading) (*Wording, error) {
	own, err := fs.Sub(templates, "templates")
	if err != nil {
		return nil, err
	}
	builtIn := &reading{fs: own, prefix: "built-in ", folders: map[place]folder{}}
	builtIn.place(".", place{})
	b := &binder{r, builtIn.folders[place{}], map[pattern]*sheet{}}
	w := &Wording{map[place]map[beta.Language]map[beta.MailKind]*sheet{}}
	for _, p := range append(slices.Collect(maps.Keys(r.folders)), place{}) {
		w.places[p] = b.place(b.chain(p))
	}
	for _, s := range b.sheets {
		if s != nil && !b.isOurs(s) { // a test checks ours
			b.mistakes = append(b.mistakes, s.check()...)
		}
	}
	if mistakes := append(builtIn.mistakes, b.mistakes...); mistakes != nil {
		return nil, distinct(mistakes)
	}
	return w, nil
}

// chain returns the folders for a place, the most special first.
func (b *binder) chain(p place) (chain []folder) {
	for _, q := range []place{p, {vendor: p.vendor}, {}} {
		if f, there := b.folders[q]; there {
			chain = append(chain, f)
		}
	}
	return append(chain, b.ours)
}

func (b *binder) place(chain []folder) map[beta.Language]map[beta.MailKind]*sheet {
	languages := map[beta.Language]map[beta.MailKind]*sheet{}
	for _, f := range chain {
		for tag := range f {
			if _, done := languages[tag]; tag == "" || done {
				continue
			}
			languages[tag] = map[beta.MailKind]*sheet{}
			for kind := range names {
				languages[tag][kind] = b.sheet(chain, tag, kind)
			}
		}
	}
	return languages
}

// sheet finds what a letter is made of; the sheet is nil after a mistake.
func (b *binder) sheet(chain []folder, tag beta.Language, kind beta.MailKind) *sheet {
	p := pattern{kind: kind, layout: layout(chain)}
	p.tag, p.text, p.html = pair(chain, tag, names[kind])
	if _, made := b.sheets[p]; made {
		return b.sheets[p]
	}
	l, err := languageOf(chain, p)
	if err == nil {
		b.sheets[p], err = newSheet(p, l, b.ours[""][layoutFile])
	}
	if err != nil {
		b.mistakes = append(b.mistakes, err)
		b.sheets[p] = nil
	}
	return b.sheets[p]
}

func (b *binder) isOurs(s *sheet) bool {
	p := s.pattern
	return p.layout == b.ours[""][layoutFile] && p.text == b.ours[p.tag][names[p.kind]+".txt"]
}

func layout(chain []folder) (f file) {
	for _, folder := range slices.Backward(chain) {
		if own, there := folder[""][layoutFile]; there {
			f = own
		}
	}
	return f
}

// pair finds the two files of a kind, and the language they are in.
func pair(chain []folder, wanted beta.Language, kind string) (tag beta.Language, text, html file) {
	for _, f := range chain {
		for _, tag := range alternatives(wanted) {
			if text, there := f[tag][kind+".txt"]; there {
				return tag, text, f[tag][kind+".html"]
			}
		}
	}
	return
}

// alternatives are what may stand for a language, the best first.
func alternatives(wanted beta.Language) (list []beta.Language) {
	for ; wanted != ""; wanted = wanted.Base() {
		list = append(list, wanted)
	}
	return append(list, english, "")
}

// languageOf finds what the language of a pair brings; files in no language's
// folder are in English.
func languageOf(chain []folder, p pattern) (*language, error) {
	tag := p.tag
	if tag == "" {
		tag = english
	}
	for base := tag; base != ""; base = base.Base() {
		for _, f := range chain {
			if found, there := f[base][languageFile]; there {
				l, err := readLanguage(found)
				l.Tag = tag
				return &l, err
			}
		}
	}
	return nil, fmt.Errorf("%s: its folder needs a %s, for Tryout does not know the language %s", p.text.name, languageFile, tag)
}

// sheet finds what a letter is written on.
func (w *Wording) sheet(l beta.Letter) (*sheet, bool) {
	languages, there := w.places[place{l.VendorID, l.SkillID}]
	if !there {
		languages, there = w.places[place{vendor: l.VendorID}]
	}
	if !there {
		languages = w.places[place{}]
	}
	for tag := l.Language; tag != ""; tag = tag.Base() {
		if sheets, there := languages[tag]; there {
			s, known := sheets[l.Kind]
			return s, known
		}
	}
	s, known := languages[english][l.Kind]
	return s, known
}

// distinct joins errors in order of their text, each text once.
func distinct(list []error) error {
	byText := map[string]error{}
	for _, err := range list {
		byText[err.Error()] = err
	}
	var joined []error
	for _, text := range slices.Sorted(maps.Keys(byText)) {
		joined = append(joined, byText[text])
	}
	return errors.Join(joined...)
}
