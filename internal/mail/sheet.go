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
	beta.SignInMail:     "signin",
}

// leads reports whether letters of a kind lead to the recipient's page.
func leads(kind beta.MailKind) bool {
	return kind != beta.RemovedMail && kind != beta.EndedMail && kind != beta.ForwardMail
}

// toTester reports whether letters of a kind are to testers, who must find the way
// out of the test, or of all mail, in each.
func toTester(kind beta.MailKind) bool { return kind.ToTester() }

// sheet is the paper that letters of one kind are written on.
type sheet struct {
	pattern  pattern
	language *language
	text     *texttemplate.Template
	html     *htmltemplate.Template
	stencils func() *stencils // made when the first letter is written; nil where there are none
	wayOut   string           // what stands before the way out at the end of the text; empty where the text has it itself
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
	Unsubscribe   string // the way out; empty where there is none
	Accepted      bool
	Code          string     // of a sign-in, in two halves
	Author        beta.Email // of what is forwarded; zero in all other letters
	Rating        int        // zero when none was given
	Said          []string   // what was written, line by line
	Declined      bool       // whether that is why they declined or left
	Subject       string     // for the HTML alone
}

// functions are what templates may call beside what every template may.
var functions = texttemplate.FuncMap{"short": short}

// newSheet parses what a sheet is made of. A file of HTML is the template
// "words"; with the way out it is the "content" that the layout holds. What our
// own layout defines beside, such as "button", is there whatever the layout, and
// so is what the language brings.
func newSheet(p pattern, l *language, ours file) (*sheet, error) {
	s := &sheet{pattern: p, language: l}
	var err error
	if s.text, err = texttemplate.New(p.text.name).Funcs(functions).Parse(strings.TrimRight(p.text.text, "\n")); err != nil {
		return nil, err
	}
	set, err := htmltemplate.New(ours.name).Funcs(functions).Parse(ours.text)
	if err != nil {
		return nil, err
	}
	for name, said := range l.phrases(p.kind) {
		if _, err := set.New(name).Parse(htmltemplate.HTMLEscapeString(said)); err != nil {
			return nil, err
		}
	}
	if err := s.addWayOut(set); err != nil {
		return nil, err
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
	if _, err = set.AddParseTree("words", content.Tree.Copy()); err != nil {
		return nil, err
	}
	s.html = layout
	s.stencils = s.carving()
	return s, nil
}

// addWayOut has letters end with the way out, but where the files of the sheet
// say themselves where it stands.
func (s *sheet) addWayOut(set *htmltemplate.Template) error {
	const variable = ".Unsubscribe"
	if toTester(s.pattern.kind) && !strings.Contains(s.pattern.text.text, variable) {
		s.wayOut = s.language.phrases(s.pattern.kind)["leave"]
	}
	content := `{{template "words" .}}`
	own := s.pattern.html.text
	if s.pattern.layout.name != set.Name() {
		own += s.pattern.layout.text
	}
	if toTester(s.pattern.kind) && !strings.Contains(own, variable) {
		content += `{{template "wayOut" .}}`
	}
	_, err := set.New("content").Parse(content)
	return err
}

// fill writes the words on the sheet.
func (s *sheet) fill(w words) (draft, error) {
	if cut := s.stencils(); cut != nil {
		return cut.fill(w, s.ending(w)), nil
	}
	return s.execute(w)
}

// As much room as most letters need.
const (
	enoughText = 1 << 10
	enoughHTML = 3 << 10
)

// execute is fill by the templates themselves.
func (s *sheet) execute(w words) (draft, error) {
	var subject, text, html strings.Builder
	text.Grow(enoughText)
	html.Grow(enoughHTML)
	if err := s.text.ExecuteTemplate(&subject, "subject", w); err != nil {
		return draft{}, err
	}
	if err := s.text.Execute(&text, w); err != nil {
		return draft{}, err
	}
	text.WriteString(s.ending(w))
	w.Subject = clean(subject.String())
	if err := s.html.Execute(&html, w); err != nil {
		return draft{}, err
	}
	return draft{subject.String(), text.String(), html.String()}, nil
}

// ending is what the text ends with whatever it says.
func (s *sheet) ending(w words) string {
	if s.wayOut == "" || w.Unsubscribe == "" {
		return "\n"
	}
	return "\n\n" + s.wayOut + ":\n" + w.Unsubscribe + "\n"
}
