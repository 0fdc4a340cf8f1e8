package mail_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

func TestOurOwnWordsPassTheCheck(t *testing.T) {
	t.Parallel()
	sheets, mistakes := mail.CheckOurs()
	for _, err := range mistakes {
		t.Error(err)
	}
	if want := 2 * len(kinds()); sheets != want {
		t.Errorf("got %d sheets, want %d: every kind in both languages", sheets, want)
	}
}

// tree is a folder of words: what stands in each file, by its name.
func tree(files map[string]string) fs.FS {
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return dir
}

// says returns the two files of a kind that say what in text, HTML and subject.
func says(stem, what string, files map[string]string) map[string]string {
	files[stem+".txt"] = `{{define "subject"}}` + what + `{{end}}` + what + ` {{.Link}}`
	files[stem+".html"] = `<p>` + what + `</p>{{template "button" .}}`
	return files
}

func TestTheMostSpecialWordsWin(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for stem, what := range map[string]string{
		"invitation": "all", "de/invitation": "all de", "de-AT/reminder": "all at",
		"vendors/V1/invitation": "vendor", "vendors/V1/de/invitation": "vendor de",
		"vendors/V1/skills/a%2Fb/en/invitation": "skill en", "vendors/V%20%C3%BC/invitation": "ü",
	} {
		says(stem, what, files)
	}
	files["vendors/V1/layout.html"] = `<html lang="{{template "language" .}}"><b>frame</b>{{template "content" .}}</html>`
	wording, err := mail.ReadWording(tree(files))
	if err != nil {
		t.Fatal(err)
	}
	w := newWriter(t)
	w.Use(wording)
	for _, c := range []struct {
		vendor, skill, language string
		kind                    beta.MailKind
		subject                 string
		html                    string
	}{
		{"V9", "s", "", beta.InvitationMail, "all", `<html lang="en" dir="ltr">`},
		{"V9", "s", "de-AT", beta.InvitationMail, "all de", `<html lang="de" dir="ltr">`},
		{"V9", "s", "fr", beta.InvitationMail, "all", `<html lang="en" dir="ltr">`},
		{"V9", "s", "de-AT", beta.ReminderMail, "all at", `<html lang="de-AT" dir="ltr">`},
		{"V9", "s", "de-CH", beta.ReminderMail, "Erinnerung: Einladung zum Betatest von Café Finder", `<html lang="de" dir="ltr">`},
		{"V1", "s", "", beta.InvitationMail, "vendor", `<html lang="en"><b>frame</b>`},
		{"V1", "s", "de", beta.InvitationMail, "vendor de", `<html lang="de"><b>frame</b>`},
		{"V1", "a/b", "de", beta.InvitationMail, "skill en", `<html lang="en"><b>frame</b>`},
		{"V1", "a/b", "de", beta.RemovedMail, "Ihr Zugang zu Café Finder ist beendet", `<html lang="de"><b>frame</b>`},
		{"V9", "a/b", "", beta.InvitationMail, "all", `<html lang="en" dir="ltr">`},
		{"V ü", "s", "", beta.InvitationMail, "ü", ``},
	} {
		l := letter(t, c.kind)
		l.VendorID, l.SkillID, l.Language = beta.VendorID(c.vendor), beta.SkillID(c.skill), beta.Language(c.language)
		p := write(t, w, l)
		if got := subject(t, p.header); got != c.subject || !strings.Contains(p.html, c.html) {
			t.Errorf("%+v: got the subject %q and\n%s", c, got, p.html)
		}
	}
}

func TestANewLanguageWritesItsDates(t *testing.T) {
	t.Parallel()
	wording, err := mail.ReadWording(tree(says("he/invitation", "x {{.Until}}", map[string]string{"he/language.json": hebrew})))
	if err != nil {
		t.Fatal(err)
	}
	w := newWriter(t)
	w.Use(wording)
	l := letter(t, beta.InvitationMail)
	l.Language, l.ExpiresAt = "he", time.Date(2026, time.February, 1, 7, 5, 0, 0, time.UTC)
	p := write(t, w, l)
	if got := subject(t, p.header); got != "x 07:05 1 m2 2026 d0" || !strings.Contains(p.html, `<html lang="he" dir="rtl">`) {
		t.Errorf("got the subject %q and\n%s", got, p.html)
	}
}

const hebrew = `{"direction": "rtl", "date": "$time $day $month $year $weekday",
	"weekdays": ["d0","d1","d2","d3","d4","d5","d6"], "months": ["m1","m2","m3","m4","m5","m6","m7","m8","m9","m10","m11","m12"],
	"product": "p", "developer": "d", "openPage": "o", "copyLink": "c", "leave": "l", "unsubscribe": "u"}`

func TestEveryMistakeInWordsIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	good := says("x", "x", map[string]string{})
	text, html := good["x.txt"], good["x.html"]
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"half a pair":            {map[string]string{"ended.txt": "a", "de/removed.html": "b"}, []string{"de/removed.txt: is missing, and de/removed.html is there", "ended.html: is missing, and ended.txt is there"}},
		"misspelt":               {map[string]string{"invitaton.txt": "a", "german/ended.txt": "b", "vendors/V1/vendors/x": "c", "de/layout.html": "d"}, []string{"de/layout.html: is no file that belongs", "german: is no folder", "invitaton.txt: is no file", "vendors/V1/vendors: is no folder"}},
		"bad id":                 {map[string]string{"vendors/%zz/ended.txt": "a", "vendors/V1/skills/file": ""}, []string{"vendors/%zz: must be a folder named by an id", "vendors/V1/skills/file: must be a folder"}},
		"one id twice":           {says("vendors/V/invitation", "x", says("vendors/%56/invitation", "x", map[string]string{})), []string{"names what another folder names too"}},
		"syntax":                 {map[string]string{"invitation.txt": "\n{{if}}", "invitation.html": html}, []string{"invitation.txt:2: missing value for if"}},
		"syntax in HTML":         {map[string]string{"invitation.txt": text, "invitation.html": "\n\n{{.Link"}, []string{"invitation.html:3: unclosed action"}},
		"unknown variables":      {map[string]string{"invitation.txt": "{{define \"subject\"}}{{.Sujet}}{{end}}\n{{if eq .Skill \"never\"}}{{.Oops}}{{end}} {{with .Feedback}}{{.Given}} {{.Taken}} {{$.Nobody}}{{end}}", "invitation.html": "<p>{{.Lnk}}"}, []string{"invitation.html:1:5: {{.Lnk}} is unknown; known are .Skill, ", "invitation.txt:1:", "{{.Sujet}}", "invitation.txt:2:", "{{.Oops}}", "{{.Taken}}", "{{$.Nobody}}"}},
		"no subject":             {map[string]string{"invitation.txt": "{{.Link}}", "invitation.html": html}, []string{"invitation.txt:1: has no subject"}},
		"subject of two lines":   {map[string]string{"invitation.txt": "{{define \"subject\"}}a\nb{{end}}{{.Link}}", "invitation.html": html}, []string{"invitation.txt:1: the subject must be one line"}},
		"no text":                {map[string]string{"ended.txt": "{{define \"subject\"}}a{{end}} \n", "ended.html": "\n"}, []string{"ended.html:1: has no text", "ended.txt:1: has no text"}},
		"no link":                {map[string]string{"invitation.txt": "{{define \"subject\"}}a{{end}}b", "invitation.html": "<p>b {{.Link}}"}, []string{"invitation.html:1: the link is missing", "invitation.txt:1: the link is missing: put {{.Link}} where it belongs"}},
		"link only sometimes":    {map[string]string{"invitation.txt": "{{define \"subject\"}}a{{end}}b{{if .Until}}{{.Link}}{{end}}", "invitation.html": html}, []string{"invitation.txt:1: the link is missing"}},
		"way out only sometimes": {map[string]string{"invitation.txt": text + "{{if .Until}}{{.Unsubscribe}}{{end}}", "invitation.html": html + `{{if .Until}}<a href="{{.Unsubscribe}}">{{end}}`}, []string{`invitation.html:1: the way out is not always there: put <a href="{{.Unsubscribe}}">`, "invitation.txt:1: the way out is not always there: put {{.Unsubscribe}}"}},
		"unknown template":       {map[string]string{"invitation.txt": text, "invitation.html": `{{template "knob" .}}`}, []string{`"knob"`}},
		"fails at work":          {map[string]string{"invitation.txt": text + `{{index .Until 100}}`, "invitation.html": html}, []string{"invitation.txt:1:", "index out of range"}},
		"forward without text":   {map[string]string{"forward.txt": `{{define "subject"}}x{{end}}{{index .Said 0}}`, "forward.html": "<p>x"}, []string{"forward.txt:1:", "index out of range"}},
		"layout without room":    {map[string]string{"layout.html": "<html></html>"}, []string{`layout.html:1: does not hold {{template "content" .}}`}},
		"unknown language":       {says("fr/invitation", "x", map[string]string{}), []string{"fr/invitation.txt: its folder needs a language.json"}},
		"bad language":           {says("he/invitation", "x", map[string]string{"he/language.json": "{\n\"direction\": \"up\", \"date\": \"$day\"}"}), []string{"he/language.json:1: direction must be ltr or rtl", "weekdays must be 7", "months must be 12", "date has no $month", "copyLink must be"}},
		"unknown field":          {says("he/invitation", "x", map[string]string{"he/language.json": "{\n\"plural\": 1}"}), []string{"he/language.json:2: json: unknown field"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := mail.ReadWording(tree(c.files))
			if err == nil {
				t.Fatal("got no error")
			}
			rest := err.Error()
			for _, want := range c.want {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("got\n%v\nwant in it, in this order:\n%s", err, strings.Join(c.want, "\n"))
				}
				rest = after
			}
		})
	}
}

// An operator's words need not know of the way out, and may put it elsewhere.
func TestTheWayOutStandsOnceWhateverTheWords(t *testing.T) {
	t.Parallel()
	bare := func() map[string]string { return says("invitation", "x", map[string]string{}) }
	own := bare()
	own["invitation.txt"] = strings.Replace(own["invitation.txt"], "{{.Link}}", "Enough? {{.Unsubscribe}} {{.Link}}", 1)
	own["invitation.html"] = `<a href="{{.Unsubscribe}}">Enough?</a>` + own["invitation.html"]
	framed, frame := bare(), bare()
	framed["layout.html"] = `<html>{{template "content" .}}</html>`
	frame["layout.html"] = `<html>{{template "content" .}}<a href="{{.Unsubscribe}}">Enough?</a></html>`
	for name, c := range map[string]struct {
		files      map[string]string
		text, html string
	}{
		"not said":      {bare(), "Leave the test or unsubscribe:\n", "Leave the test or unsubscribe</a>"},
		"said":          {own, "Enough? ", "Enough?</a><p>x"},
		"plain layout":  {framed, "Leave the test or unsubscribe:\n", "Leave the test or unsubscribe</a></p></html>"},
		"in the layout": {frame, "Leave the test or unsubscribe:\n", "Enough?</a></html>"},
	} {
		wording, err := mail.ReadWording(tree(c.files))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		w := newWriter(t)
		w.Use(wording)
		p := write(t, w, letter(t, beta.InvitationMail))
		const out = "https://tryout.example/u/"
		if strings.Count(p.text, out) != 1 || strings.Count(p.html, out) != 1 || !strings.Contains(p.text, c.text+out) || !strings.Contains(p.html, c.html) {
			t.Errorf("%s: got\n%s\n%s", name, p.text, p.html)
		}
	}
}

// A template decides about words, never about headers or other people's markup.
func TestHostileNamesStayNamesInAnOperatorsWords(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for _, kind := range mail.KindNames() {
		says(kind, "{{.Skill}} {{.Vendor}} {{.Code}}", files)
		if kind == "removed" || kind == "ended" {
			files[kind+".html"] = "<p title='{{.Skill}}'>{{.Vendor}}</p>"
		}
	}
	wording, err := mail.ReadWording(tree(files))
	if err != nil {
		t.Fatal(err)
	}
	w := newWriter(t)
	w.Use(wording)
	for _, kind := range kinds() {
		plain := structure(t, lint(t, rendered(t, w, letter(t, kind))))
		for _, name := range hostile() {
			l := letter(t, kind)
			l.Skill, l.Vendor = name, name
			p := lint(t, rendered(t, w, l))
			if diff := cmp.Diff(plain, structure(t, p)); diff != "" || strings.ContainsAny(subject(t, p.header), "\r\n\u2028\u202e") {
				t.Errorf("%s with %.60q: subject %.80q, markup (-want +got):\n%s", kind, name, subject(t, p.header), diff)
			}
		}
	}
}

// No sample leads where this template breaks its subject; a letter does.
func TestASubjectIsOneLineWhateverTheTemplate(t *testing.T) {
	t.Parallel()
	files := says("invitation", "x", map[string]string{})
	files["invitation.txt"] = `{{define "subject"}}x{{if eq .Skill "Quiz"}}` + "\r\nBcc: eve@example.org\r\n\r\n" + `{{end}}{{end}}{{.Link}}`
	wording, err := mail.ReadWording(tree(files))
	if err != nil {
		t.Fatal(err)
	}
	w := newWriter(t)
	w.Use(wording)
	l := letter(t, beta.InvitationMail)
	l.Skill = "Quiz"
	if got := subject(t, lint(t, rendered(t, w, l)).header); got != "x Bcc: eve@example.org" {
		t.Errorf("got the subject %q, want it on one line", got)
	}
}

func rendered(t *testing.T, w *mail.Writer, l beta.Letter) mail.Message {
	t.Helper()
	m, err := w.Write(l, noon)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func BenchmarkReadWording(b *testing.B) {
	dir := tree(says("de/invitation", "x", says("vendors/V1/invitation", "x", map[string]string{})))
	for b.Loop() {
		if _, err := mail.ReadWording(dir); err != nil {
			b.Fatal(err)
		}
	}
}
