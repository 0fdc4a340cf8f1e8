package mail_test

import (
	"strings"
	"testing"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

// nasty are words that something might be done to on their way.
var nasty = []string{
	"", "Quiz", "https://beta.example.com/i/7-12-kz-AA_a", "http://[::1]:80/?a=b&c=d#e%41%zz'", "javascript:alert(1)", "JavaScript:x", "a:b", "https:evil", "//x",
	`<b>&"'+` + "`=</title></script>{{.Link}}", "Café\u00a0Zoë", "\u2028\ufffd\ufdd0\U0001F600", "\xff\x00\r\n\t", "%", "a b", " ", "ada+beta@b\u00fccher.example", "mailto:x", strings.Repeat("wörds ", 20),
}

// same holds what a sheet says through its stencils against what its templates
// say, and returns whether it has stencils.
func same(t *testing.T, w *mail.Wording, l beta.Letter, v mail.Words) bool {
	t.Helper()
	ours, theirs, carved, err := w.BothWays(l, v)
	if err != nil && carved {
		t.Fatalf("%s: %v", l.Kind, err)
	}
	for i, part := range []string{"subject", "text", "HTML"} {
		if ours[i] != theirs[i] {
			t.Errorf("%s %s of %+v:\ngot  %q\nwant %q", l.Kind, part, v, ours[i], theirs[i])
		}
	}
	return carved
}

func TestStencilsSayWhatTheirTemplatesSay(t *testing.T) {
	t.Parallel()
	w, err := mail.Ours()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds() {
		for _, language := range []beta.Language{"en", "de"} {
			l := beta.Letter{Kind: kind, Language: language}
			for i, a := range nasty {
				b, c := nasty[(i+1)%len(nasty)], nasty[(i*7+3)%len(nasty)]
				email, other := beta.Email{Given: a, Key: b}, beta.Email{Given: c, Key: a}
				v := mail.Words{Skill: a, Vendor: b, To: email, Feedback: other, Until: c, Link: a, Unsubscribe: a, Accepted: i%2 == 0, Code: b, Author: email, Said: []string{a}}
				if carved := same(t, w, l, v); carved == (kind == beta.ForwardMail) {
					t.Fatalf("%s: stencils are there: %v; they are for every kind but that which quotes", kind, carved)
				}
			}
		}
	}
}

// An operator's templates may say anything. Of what a stencil does not know, there
// is none.
func TestAnOperatorsTemplatesSayTheSameThroughStencils(t *testing.T) {
	t.Parallel()
	for html, plain := range map[string]bool{
		`{{.Link}}`: true, `{{short .Skill}}{{$.Vendor}}`: true, `<a title="{{.Vendor}}" href="{{.Link}}">`: true, `<a href='{{.Link}}'>`: true,
		`{{if .Until}}a{{else if .Accepted}}b{{else}}c{{end}}`: true, `{{if not .Until}}a{{end}}`: true, `{{with .Until}}{{.}}{{short .}}{{$.Skill}}{{else}}{{.Vendor}}{{end}}`: true,
		`{{with .Until}}{{with $.Skill}}{{.}}{{end}}{{.}}{{end}}`: true, `{{with short .Skill}}{{.}}{{end}}`: true, `{{with .Until}}{{template "openPage" .}}{{end}}`: true,
		`{{template "button" .}}{{define "action"}}{{.Skill}}{{end}}`: true, `<a href="https://x.example/{{.Skill}}">`: true, `<!-- {{.Skill}} -->b`: false, `{{/* a */}}b`: true,
		`<a href="/?q={{.Skill}}">`: false, `<a href={{.Link}}>`: false, `<a onclick="f({{.Skill}})">`: false, `<script>var x = {{.Skill}}</script>`: false, `<p style="color: {{.Skill}}">`: false,
		`<img srcset="{{.Link}}">`: false, `{{.Skill | printf "%q"}}`: false, `{{printf "%.2s" .Skill}}`: false, `{{len .Link}}`: false, `{{if eq .Until .Skill}}a{{end}}`: false, `{{.Accepted}}`: false,
		`{{if and .Until .Skill}}a{{end}}`: false, `{{$x := .Skill}}{{$x}}`: false, `{{with $x := .Skill}}{{$x}}{{end}}`: false, `{{if $x := .Skill}}{{$x}}{{end}}`: false, `{{.To.Address}}`: false, `{{.Feedback}}`: false, `{{.Rating}}`: false,
		"text {{$x := .Skill}}a": false, "text {{.}}": false, `{{if not .Skill | not}}a{{end}}`: false, `{{with $x := .Skill}}a{{end}}`: false, `{{with .Skill | short}}{{.}}{{end}}`: false, `{{if len .Skill}}a{{end}}`: false,
		`{{range .Said}}{{.}}{{end}}`: false, `{{with .Until}}{{template "button" $}}{{end}}`: false, `{{template "button" $}}`: false, `{{with .Until}}{{template "inner" .}}{{end}}{{define "inner"}}{{.}}{{end}}`: false,
		`{{if .Feedback}}a{{end}}`: false, `{{if .Skill | not}}a{{end}}`: false, `{{html .Skill}}`: false, `{{.Skill | html}}`: false, `{{"a"}}`: false, `{{if false}}{{template "again" .}}{{end}}{{define "again"}}{{if .Accepted}}{{else}}{{if .Until}}{{else}}{{end}}{{end}}{{end}}`: false,
		`{{if .Rating}}{{template "loop" .}}{{end}}{{define "loop"}}{{if .Rating}}{{template "loop" .}}{{end}}{{end}}`: false,
	} {
		files := map[string]string{
			"ended.txt":  `{{define "subject"}}x{{end}}y`,
			"ended.html": "<p>" + html + "</p>",
		}
		if text, is := strings.CutPrefix(html, "text "); is {
			files["ended.txt"], files["ended.html"] = files["ended.txt"]+text, "<p>x"
		}
		w, err := mail.ReadWording(tree(files))
		if err != nil {
			t.Errorf("%s: %v", html, err)
			continue
		}
		for i, a := range nasty {
			v := mail.Words{Skill: a, Vendor: nasty[(i*5+2)%len(nasty)], Until: nasty[(i*7+3)%len(nasty)], Link: a, Accepted: i%2 == 0, Said: []string{a}}
			if carved := same(t, w, beta.Letter{Kind: beta.EndedMail}, v); carved != plain {
				t.Fatalf("%s: stencils are there: %v, want %v", html, carved, plain)
			}
		}
	}
}

func FuzzStencilsSayWhatTheirTemplatesSay(f *testing.F) {
	for i, a := range nasty {
		f.Add(a, nasty[(i+5)%len(nasty)], nasty[(i+9)%len(nasty)], i%2 == 0)
	}
	w, err := mail.Ours()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, a, b, c string, accepted bool) {
		v := mail.Words{Skill: a, Vendor: b, To: beta.Email{Given: c, Key: a}, Feedback: beta.Email{Given: a, Key: b}, Until: b, Link: c, Unsubscribe: a, Accepted: accepted, Code: c}
		same(t, w, beta.Letter{Kind: beta.ReminderMail}, v)
		same(t, w, beta.Letter{Kind: beta.SignInMail}, v)
	})
}
