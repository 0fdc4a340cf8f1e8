package mail

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"

	"tryout/internal/beta"
)

// templates holds two files for each kind: the text with the subject, and the
// HTML that stands in layout.html.
//
//go:embed templates
var templates embed.FS

// sheet is the paper that letters of one kind are written on.
type sheet struct {
	text  *texttemplate.Template
	html  *htmltemplate.Template
	links bool // whether the letter leads to the recipient's page
}

// draft is a sheet filled in.
type draft struct {
	subject, text, html string
}

// words is what the templates say. The names are clean; Feedback and Until are
// empty when there is nothing to say.
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

// readSheets parses the embedded templates.
func readSheets() (map[beta.MailKind]sheet, error) {
	names := map[beta.MailKind]string{
		beta.InvitationMail: "invitation",
		beta.ReminderMail:   "reminder",
		beta.FeedbackMail:   "feedback",
		beta.RemovedMail:    "removed",
		beta.EndedMail:      "ended",
		beta.ForwardMail:    "forward",
	}
	sheets := make(map[beta.MailKind]sheet, len(names))
	for kind, name := range names {
		s, err := readSheet(name)
		if err != nil {
			return nil, fmt.Errorf("read template %s: %w", name, err)
		}
		s.links = kind != beta.RemovedMail && kind != beta.EndedMail && kind != beta.ForwardMail
		sheets[kind] = s
	}
	return sheets, nil
}

func readSheet(name string) (s sheet, err error) {
	short := map[string]any{"short": short}
	s.text, err = texttemplate.New(name+".txt").Funcs(short).ParseFS(templates, "templates/"+name+".txt")
	if err != nil {
		return s, err
	}
	s.html, err = htmltemplate.ParseFS(templates, "templates/layout.html", "templates/"+name+".html")
	return s, err
}

// fill writes the words on the sheet.
func (s sheet) fill(w words) (draft, error) {
	var subject, text, html strings.Builder
	text.Grow(1 << 10)
	html.Grow(4 << 10)
	if err := s.text.ExecuteTemplate(&subject, "subject", w); err != nil {
		return draft{}, err
	}
	if err := s.text.Execute(&text, w); err != nil {
		return draft{}, err
	}
	w.Subject = subject.String()
	if err := s.html.Execute(&html, w); err != nil {
		return draft{}, err
	}
	return draft{w.Subject, text.String(), html.String()}, nil
}
