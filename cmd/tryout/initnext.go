package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
	"time"

	"tryout/internal/doctor"
)

// askScript installs ask-cli and points it here. Its versions are those that
// the tests in e2e run with.
//
//go:embed ask-cli.sh
var askScript string

func (s *setup) scriptPath() string { return filepath.Join(filepath.Dir(s.file.path), "ask-cli.sh") }

var secretInScript = regexp.MustCompile(`(?m)^ASK_LWA_CLIENT_CONFIRMATION=(\S*)$`)

// saveScript writes the script, with the secret that it has already if it is
// this client's: it stands nowhere else. So that of another client stays.
func (s *setup) saveScript(context.Context) error {
	path := s.scriptPath()
	now, _ := os.ReadFile(path) // may not be there
	has, ours := secretInScript.FindSubmatch(now), strings.Contains(string(now), s.client)
	switch {
	case has == nil || len(has[1]) == 0:
	case !ours:
		s.say("ask-cli", "%s: has the secret of another client, and stays as it is; move it away and run this again", path)
		return nil
	case s.secret == "":
		s.secret = string(has[1])
	}
	script := strings.NewReplacer(
		"{{URL}}", quote(s.settings.publicURL), "{{CLIENT}}", quote(s.client), "{{SECRET}}", s.secret, "{{SKILL}}", quote(s.Skill),
	).Replace(askScript)
	if string(now) == script {
		s.say("ask-cli", "%s: unchanged", path)
		return nil
	}
	if err := replaceFile(path, script, 0o700); err != nil {
		return err
	}
	s.say("ask-cli", "%s: wrote it", path)
	return nil
}

// sendTest sends the owner a message, through a relay that lets us in.
func (s *setup) sendTest(ctx context.Context) error {
	if s.SkipTestMail || !s.relayOK && !s.SkipRelayCheck {
		s.say("mail", "no message was sent to %s", s.Owner)
		return nil
	}
	writer, err := s.settings.writer(host(s.settings.publicURL))
	if err != nil {
		return err
	}
	to, err := parseAddress(s.Owner)
	if err != nil {
		return err
	}
	m, err := writer.Check(to, time.Now())
	if err != nil {
		return err
	}
	f := s.doctor.Send(ctx, m)
	s.say("mail", "%s", strings.TrimSpace(f.Found+" "+f.Change))
	if s.relayOK = f.Level == doctor.OK; !s.relayOK {
		s.failed = errors.New("the message to the owner was not taken; all else is done")
	}
	return nil
}

// nextText is what to do next; every indented line can be pasted.
var nextText = template.Must(template.New("next").Funcs(template.FuncMap{"q": quote}).Parse(`
Next:

1. Start the server{{if .Unit}}, as root{{end}}.
{{if .Unit}}
   id tryout 2>/dev/null || adduser --system --group --home /var/lib/tryout --no-create-home tryout
{{- if ne .Program "/usr/local/bin/tryout"}}
   install -m 755 {{q .Program}} /usr/local/bin/tryout
{{- end}}
{{- if .Data}}
   chown -R tryout:tryout {{q .Data}}
{{- end}}
   systemctl enable --now {{q .Unit}}
{{else}}
   {{q .Program}} serve --config {{q .File}}
{{end}}{{if .Proxy}}
It listens on {{.Listen}}. Have a proxy that ends TLS pass {{.URL}} there with the path unchanged, or give it --tls-cert and --tls-key.
{{end}}
2. Add yourself as the first tester, and start the test, which mails the invitation:

   T={{.Token}}
   curl -i -X POST {{q .API}}/testers/add -H "Authorization: Bearer $T" -H 'Content-Type: application/json' -d {{q .Body}}
   curl -i -X POST {{q .API}}/start -H "Authorization: Bearer $T"

3. {{if .People}}Sign in as {{.Owner}}; the code comes by mail: {{.URL}}/sign-in
{{else}}Nobody can sign in at {{.URL}} until it is https: browsers keep no session otherwise.
{{end}}
4. Use Amazon's ask-cli. This installs it with npm, and signs in; it may be copied to another machine, but it has a secret in it:

   {{q .Script}}

5. See whether mail can arrive, and what to change if not:

   {{q .Program}} doctor --config {{q .File}}

Every command finds these settings{{if .Unit}}, as root,{{end}} with --config, or after: export TRYOUT_CONFIG={{q .File}}
`))

// sayWhatNext prints the token, this once. Where it was made before, another is
// easily had.
func (s *setup) sayWhatNext(context.Context) error {
	listen, err := net.ResolveTCPAddr("tcp", s.settings.listen)
	if err != nil {
		return err
	}
	url, local := s.settings.publicURL, s.settings.localURL(listen)
	if s.settings.certificates != nil {
		local = url // which the certificate is good for
	}
	body, err := json.Marshal(map[string]any{"testers": []any{map[string]string{"emailId": s.Owner}}})
	if err != nil {
		return err
	}
	data := map[string]any{
		"Body":    string(body),
		"Program": programName(), "File": s.file.path, "Listen": s.settings.listen, "URL": url, "Owner": s.Owner, "Script": s.scriptPath(), "Unit": "", "Data": "",
		"API": local + "/v1/skills/" + s.Skill + "/betaTest", "Proxy": strings.HasPrefix(url, "https:") && s.settings.certificates == nil,
		"People": strings.HasPrefix(url, "https:") || isLocal(host(url)),
		"Token":  "$(" + quote(programName()) + " token create --ttl 24h --config " + quote(s.file.path) + ")",
	}
	if s.hasUnit() {
		data["Unit"] = s.unitPath()
		if s.hasOwnData() { // the service's user must be let in
			data["Data"] = s.Data
		}
	}
	if s.token != "" {
		data["Token"] = quote(s.token)
	}
	if err := nextText.Execute(s.io.out, data); err != nil {
		return err
	}
	return s.failed
}
