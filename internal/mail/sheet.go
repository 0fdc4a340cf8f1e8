package mail

import (
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"

	"tryout/internal/beta"
)

// names are what the files of each kind are called.
var names = map[beta.MailKind]string{
	beta.InvitationMail: "invitation",
	beta.ReminderMail:   "reminder",
	beta.FeedbackMail:   "feedback",
	beta.RemovedMail:    "removed",
	beta.EndedMail:      "ended",
	beta.ForwardMail:    "forward",
}

// leads reports whether letters of a kind lead to the recipient's page.
func leads(kind beta.MailKind) bool {
	return kind != beta.RemovedMail && kind != beta.EndedMail && kind != beta.ForwardMail
}

// sheet is the paper that letters of one kind are written on.
type sheet struct {
	pattern  pattern
	language *language
	text     *texttemplate.Template
	html     *htmltemplate.Template
}

// pattern is what a sheet is made of.
type pattern struct {
	kind               beta.MailKind
	tag                beta.Language
	text, html, layout file
}

// draft is a sheet filled in.
type draft struct {
	subject, text, html string
}

// words is what the templates say. The names are clean; Feedback and Until are
// empty when there is nothing to say, and Link where the kind has none.
type words struct {
	Skill, Vendor string
	To, Feedback  beta.Email
	Until         string // a date
	Link          string
	Accepted      bool
	Author        beta.Email // of what is forwarded; zero in all other letters
	Rating        int        // zero when none was given
	Said          []string   // what was written, line by line
	Declined      bool       // whether that is why they declined or left
	Subject       string     // for the HTML alone
}

// newSheet parses what a sheet is made of. A file of HTML is the template
// "content" that the layout holds. What our own layout defines beside, such as
// "button", is there whatever the layout, and so is what the language brings.
func newSheet(p pattern, l *language, ours file) (*sheet, error) {
	s := &sheet{pattern: p, language: l}
	var err error
	if s.text, err = texttemplate.New(p.text.name).Funcs(texttemplate.FuncMap{"short": short}).Parse(p.text.text); err != nil {
		return nil, err
	}
	set, err := htmltemplate.New(ours.name).Funcs(htmltemplate.FuncMap{"short": short}).Parse(ours.text)
	if err != nil {
		return nil, err
	}
	for name, said := range l.phrases() {
		if _, err := set.New(name).Parse(htmltemplate.HTMLEscapeString(said)); err != nil {
			return nil, err
		}
	}
	layout := set
	if p.layout.name != ours.name {
		if layout, err = set.New(p.layout.name).Parse(p.layout.text); err != nil {
			return nil, err
		}
	}
	content, err := set.New(p.html.name).Parse(strings.TrimRight(p.html.text, "\n"))
	if err != nil {
		return nil, err
	}
	_, err = set.AddParseTree("content", content.Tree.Copy())
	s.html = layout
	return s, err
}

// fill writes the words on the sheet.
func (s *sheet) fill(w words) (draft, error) {
	var subject, text, html strings.Builder
	text.Grow(1 << 10)
	html.Grow(4 << 10)
	if err := s.text.ExecuteTemplate(&subject, "subject", w); err != nil {
		return draft{}, err
	}
	if err := s.text.Execute(&text, w); err != nil {
		return draft{}, err
	}
	w.Subject = clean(subject.String())
	if err := s.html.Execute(&html, w); err != nil {
		return draft{}, err
	}
	return draft{subject.String(), text.String(), html.String()}, nil
}
