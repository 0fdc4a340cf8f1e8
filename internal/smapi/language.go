package smapi

import (
	"net/http"

	"tryout/internal/beta"
)

// addMore adds testers with what SMAPI has no words for.
func (a *API) addMore(c *call) error {
	some, err := decode(a, c, false, readAddition)
	if err != nil {
		return err
	}
	batch, err := a.Service.AddTestersWith(c.r.Context(), c.by, c.skill, some.emails, some.how)
	if err != nil {
		return err
	}
	c.w.Header().Set("X-Tryout-Batch", batch.ID)
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// addition is who is added, and how.
type addition struct {
	emails []beta.Email
	how    beta.Adding
}

// readAddition reads {"testers":[{"emailId":"...","language":"..."}],"mail":true}.
// Of an address that is named twice, the first entry counts.
func readAddition(text []byte) (some addition, err error) {
	r := newReader(text)
	entries := map[int]beta.Language{}
	some.emails = r.named(func(n int, name string) {
		if name == "language" {
			entries[n] = r.language(".language")
		} else {
			r.SkipValue()
		}
	}, func(name string) {
		if name == "mail" {
			some.how.Quiet = !r.bool("$.mail")
		} else {
			r.SkipValue()
		}
	})
	languages := make(map[string]beta.Language, len(entries))
	for n, e := range some.emails {
		if _, named := languages[e.Key]; !named {
			languages[e.Key] = entries[n]
		}
	}
	some.how.Languages = languages
	return some, r.wrong.orNil()
}

// setLanguage sets the language of the test.
func (a *API) setLanguage(c *call) error {
	language, err := decode(a, c, false, readLanguage)
	if err != nil {
		return err
	}
	if err := a.Service.SetLanguage(c.r.Context(), c.by, c.skill, language); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// readLanguage reads {"language":"..."}.
func readLanguage(text []byte) (language beta.Language, err error) {
	r := newReader(text)
	if !r.enter('{', "$", "an object") {
		return "", r.wrong
	}
	found := false
	for name, ok := r.member(); ok; name, ok = r.member() {
		if name == "language" {
			language, found = r.language("$.language"), true
		} else {
			r.SkipValue()
		}
	}
	if !found {
		r.blame(codeMissing, "$.language", "is missing")
	}
	return language, r.wrong.orNil()
}

// language reads a string that is a language, or empty.
func (r *reader) language(path string) beta.Language {
	text, ok := r.text(path)
	if !ok {
		return ""
	}
	language, err := beta.ParseLanguage(text)
	r.blameFor(path, err)
	return language
}

func (r *reader) bool(path string) bool {
	kind := r.PeekKind()
	r.SkipValue()
	if kind != 't' && kind != 'f' {
		r.blame(codeDataType, path, "must be true or false")
	}
	return kind == 't'
}
