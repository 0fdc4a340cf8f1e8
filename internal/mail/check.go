package mail

import (
	"errors"
	"fmt"
	"html"
	"strings"
	"time"
	"unicode"

	"tryout/internal/beta"
)

// check fills a sheet with samples and says what is wrong with what comes out.
func (s *sheet) check() (mistakes []error) {
	if s.text.Lookup("subject") == nil {
		return []error{fmt.Errorf(`%s:1: has no subject: {{define "subject"}}...{{end}}`, s.pattern.text.name)}
	}
	if mistakes := s.unknown(); mistakes != nil {
		return mistakes
	}
	for _, l := range samples(s.pattern.kind) {
		w, err := s.words(l)
		if err != nil {
			return []error{err}
		}
		d, err := s.fill(w)
		if err != nil {
			return append(mistakes, plain(err))
		}
		mistakes = append(mistakes, s.judge(d, w)...)
	}
	return mistakes
}

// samples are letters with and without each thing that may be missing, and one
// whose names are as bad as names can be.
func samples(kind beta.MailKind) (list []beta.Letter) {
	for bits := range 8 {
		l := Sample(kind)
		if bits&1 != 0 {
			l.Accepted, l.Written.Kind = true, beta.DeclineReason
		}
		if bits&2 != 0 {
			l.FeedbackEmail, l.Written.Rating = "", 0
		}
		if bits&4 != 0 {
			l.ExpiresAt, l.Written.Text = time.Time{}, ""
		}
		list = append(list, l)
	}
	bad := Sample(kind)
	bad.Skill = "\r\nBcc: <b>&\"'</b>\u2028\u202e" + strings.Repeat("W", 10<<10)
	bad.Vendor, bad.Written.Text = bad.Skill, bad.Skill
	return append(list, bad)
}

// judge says what is wrong with a draft.
func (s *sheet) judge(d draft, w words) (mistakes []error) {
	wrong := func(f file, what string) { mistakes = append(mistakes, fmt.Errorf("%s:1: %s", f.name, what)) }
	if subject := strings.TrimSpace(d.subject); subject == "" || strings.ContainsFunc(subject, unicode.IsControl) {
		wrong(s.pattern.text, "the subject must be one line that says something")
	}
	if strings.TrimSpace(strings.TrimSuffix(d.text, s.ending(w))) == "" {
		wrong(s.pattern.text, "has no text")
	}
	var said, content strings.Builder
	if err := errors.Join(s.html.ExecuteTemplate(&said, "words", w), s.html.ExecuteTemplate(&content, "content", w)); err != nil {
		return append(mistakes, plain(err))
	}
	if strings.TrimSpace(said.String()) == "" {
		wrong(s.pattern.html, "has no text")
	} else if !strings.Contains(d.html, content.String()) {
		wrong(s.pattern.layout, `does not hold {{template "content" .}}`)
	}
	const out = "the way out is not always there: put %s where it is, or nowhere, and it stands at the end"
	for _, c := range []struct{ link, text, html string }{
		{w.Link, "the link is missing: put {{.Link}} where it belongs", `the link is missing: put {{template "button" .}} or <a href="{{.Link}}"> where it belongs`},
		{w.Unsubscribe, fmt.Sprintf(out, "{{.Unsubscribe}}"), fmt.Sprintf(out, `<a href="{{.Unsubscribe}}">`)},
	} {
		if !strings.Contains(d.text, c.link) {
			wrong(s.pattern.text, c.text)
		}
		if c.link != "" && !strings.Contains(d.html, `href="`+html.EscapeString(c.link)+`"`) {
			wrong(s.pattern.html, c.html)
		}
	}
	if s.pattern.kind == beta.SignInMail && !strings.Contains(d.text, w.Code) {
		wrong(s.pattern.text, "the code is missing: put {{.Code}} where it belongs")
	}
	if s.pattern.kind == beta.SignInMail && !strings.Contains(d.html, w.Code) {
		wrong(s.pattern.html, "the code is missing: put {{.Code}} where it belongs")
	}
	return mistakes
}

// plain is an error of a template without what says nothing to its author.
func plain(err error) error {
	text := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "template: "), "html/template:")
	return fmt.Errorf("%s", text)
}
