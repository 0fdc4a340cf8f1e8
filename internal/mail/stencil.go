package mail

import (
	htmltemplate "html/template"
	"io"
	"strings"
	"sync"
	"text/template/parse"
)

// stencil writes what a template says of the words, as the template would. It is
// made once, so that nothing is looked up by its name for each letter. dot is
// what . is inside of a with.
type stencil func(out *strings.Builder, w *words, dot string)

// stencils are those of a sheet.
type stencils struct{ subject, text, html stencil }

// carving returns what makes the stencils of a sheet, once. It is asked before the
// sheet is first used: html/template writes into a template then.
func (s *sheet) carving() func() *stencils {
	html, plain := flattener(s.htmlTree).list(s.html.Tree.Root, true, 0)
	return sync.OnceValue(func() *stencils {
		if !plain {
			return nil
		}
		return s.carve(html)
	})
}

// carve makes the stencils of a sheet whose HTML is made of these nodes; nil where
// a template does more than a stencil can.
func (s *sheet) carve(html *parse.ListNode) *stencils {
	inText := carver{escape: asItIs}
	subject, okSubject := inText.template(s.textTree, "subject")
	text, okText := inText.template(s.textTree, s.text.Name())
	page, err := htmltemplate.New("page").Funcs(functions).AddParseTree("page", &parse.Tree{Root: html})
	if err != nil || page.Execute(io.Discard, words{}) != nil { // before the first time, nothing is escaped
		return nil
	}
	content, okPage := carver{escape: inHTML}.list(page.Tree.Root)
	if !okSubject || !okText || !okPage {
		return nil
	}
	return &stencils{subject, text, content}
}

// fill writes the words through the stencils; the text has an ending.
func (s *stencils) fill(w words, ending string) draft {
	var subject, text, html strings.Builder
	s.subject(&subject, &w, "")
	w.Subject = clean(subject.String())
	text.Grow(enoughText)
	s.text(&text, &w, "")
	text.WriteString(ending)
	html.Grow(enoughHTML)
	s.html(&html, &w, "")
	return draft{subject.String(), text.String(), html.String()}
}

// word is one of the words, or the dot.
type word func(w *words, dot string) string

// said are the words that a stencil can say, and asked what it can only ask for,
// by what templates call them.
var (
	said = map[string]word{
		"Skill":            func(w *words, _ string) string { return w.Skill },
		"Vendor":           func(w *words, _ string) string { return w.Vendor },
		"To.Given":         func(w *words, _ string) string { return w.To.Given },
		"Feedback.Given":   func(w *words, _ string) string { return w.Feedback.Given },
		"Feedback.Address": func(w *words, _ string) string { return w.Feedback.Address() },
		"Until":            func(w *words, _ string) string { return w.Until },
		"Link":             func(w *words, _ string) string { return w.Link },
		"Unsubscribe":      func(w *words, _ string) string { return w.Unsubscribe },
		"Code":             func(w *words, _ string) string { return w.Code },
		"Subject":          func(w *words, _ string) string { return w.Subject },
	}
	asked = map[string]func(w *words, dot string) bool{
		"Accepted": func(w *words, _ string) bool { return w.Accepted },
	}
)
