package mail

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"tryout/internal/beta"
)

// place is whose letters a folder is for: everybody's, a vendor's, or one
// skill's of a vendor.
type place struct {
	vendor beta.VendorID
	skill  beta.SkillID
}

// below is what the folder of the places in a place is called; empty for none.
func (p place) below() string {
	switch {
	case p.skill != "":
		return ""
	case p.vendor != "":
		return "skills"
	}
	return "vendors"
}

// file is one that was read; its name is for people who look for it.
type file struct{ name, text string }

// folder is the files of one place, by language ("" for those in no language's
// folder) and name.
type folder map[beta.Language]map[string]file

// The files that a folder may have beside two for each kind: the layout in the
// place itself, what a language brings in that language's folder.
const (
	layoutFile   = "layout.html"
	languageFile = "language.json"
)

// reading is a tree of folders on its way in.
type reading struct {
	fs       fs.FS
	prefix   string // of names, for people
	folders  map[place]folder
	mistakes []error
}

func (r *reading) wrong(name, format string, args ...any) {
	r.mistakes = append(r.mistakes, fmt.Errorf("%s: %s", r.prefix+name, fmt.Sprintf(format, args...)))
}

// place reads the folder of a place with those below it. Anything unexpected is
// a mistake, for it is probably a name misspelt; names with a dot in front are not seen.
func (r *reading) place(dir string, p place) {
	below := p.below()
	f := folder{}
	if _, twice := r.folders[p]; twice {
		r.wrong(dir, "names what another folder names too")
	}
	r.folders[p] = f
	for name, isDir := range r.list(dir) {
		full := path.Join(dir, name)
		tag, err := beta.ParseLanguage(name)
		switch {
		case !isDir:
			r.file(f, "", full, layoutFile)
		case name == below:
			r.places(full, p)
		case err == nil:
			r.language(f, tag, full)
		default:
			r.wrong(full, "is no folder that belongs here: a language such as de, or vendors/ID/skills/ID")
		}
	}
	r.pairs(f)
}

// places reads the folders of vendors or, for a vendor, of skills. They are
// called as these are, percent-encoded where a file name needs it.
func (r *reading) places(dir string, above place) {
	for name, isDir := range r.list(dir) {
		id, err := url.PathUnescape(name)
		if err == nil {
			_, err = beta.ParseSkillID(id)
		}
		if err != nil || !isDir {
			r.wrong(path.Join(dir, name), "must be a folder named by an id, percent-encoded where needed")
			continue
		}
		p := place{vendor: above.vendor, skill: beta.SkillID(id)}
		if above == (place{}) {
			p = place{vendor: beta.VendorID(id)}
		}
		r.place(path.Join(dir, name), p)
	}
}

func (r *reading) language(f folder, tag beta.Language, dir string) {
	for name, isDir := range r.list(dir) {
		if isDir {
			r.wrong(path.Join(dir, name), "is a folder, and none belongs here")
			continue
		}
		r.file(f, tag, path.Join(dir, name), languageFile)
	}
}

// file reads one file; extra is the name that it may have beside those of kinds.
func (r *reading) file(f folder, tag beta.Language, full, extra string) {
	name := path.Base(full)
	kind := strings.TrimSuffix(strings.TrimSuffix(name, ".txt"), ".html")
	if name != extra && (kind == name || !slices.Contains(KindNames(), kind)) {
		r.wrong(full, "is no file that belongs here: %s, or %s as .txt and .html", extra, strings.Join(KindNames(), ", "))
		return
	}
	text, err := fs.ReadFile(r.fs, full)
	if err != nil {
		r.wrong(full, "%v", errors.Unwrap(err))
		return
	}
	if f[tag] == nil {
		f[tag] = map[string]file{}
	}
	f[tag][name] = file{r.prefix + full, string(text)}
}

// pairs looks for a text without its HTML and the other way round, and takes
// the half out.
func (r *reading) pairs(f folder) {
	for _, files := range f {
		for _, kind := range KindNames() {
			text, one := files[kind+".txt"]
			html, other := files[kind+".html"]
			if one && !other {
				r.mistakes = append(r.mistakes, fmt.Errorf("%s.html: is missing, and %s is there", strings.TrimSuffix(text.name, ".txt"), text.name))
			} else if other && !one {
				r.mistakes = append(r.mistakes, fmt.Errorf("%s.txt: is missing, and %s is there", strings.TrimSuffix(html.name, ".html"), html.name))
			}
			if one != other {
				delete(files, kind+".txt")
				delete(files, kind+".html")
			}
		}
	}
}

// list passes on what is in a folder, in order: the name, and whether it is
// itself a folder, links followed.
func (r *reading) list(dir string) func(yield func(string, bool) bool) {
	return func(yield func(string, bool) bool) {
		entries, err := fs.ReadDir(r.fs, dir)
		if err != nil {
			r.wrong(dir, "%v", errors.Unwrap(err))
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), ".") {
				continue
			}
			info, err := fs.Stat(r.fs, path.Join(dir, e.Name()))
			if err != nil {
				r.wrong(path.Join(dir, e.Name()), "%v", errors.Unwrap(err))
			} else if !yield(e.Name(), info.IsDir()) {
				return
			}
		}
	}
}
