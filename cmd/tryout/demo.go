package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"
	"time"

	"tryout/internal/beta"
	"tryout/internal/inbox"
	"tryout/internal/lwa"
	"tryout/internal/mail"
	"tryout/internal/signin"
	"tryout/internal/store"
)

// What a demo is seeded with.
const (
	demoVendor = "VDEMO"
	demoSkill  = "amzn1.ask.skill.demo"
	demoToken  = 24 * time.Hour
	demoPerson = "owner@tryout.example"
)

// demoCmd heeds nothing that was meant for serve: its flags have variables and
// keys of their own, or the demo's inbox would swallow a real server's mail.
type demoCmd struct {
	Listen string `help:"Address of the API and the pages; a free port is taken if this one is in use." default:"127.0.0.1:8080" placeholder:"ADDR" env:"TRYOUT_DEMO_LISTEN" file:"demo-listen"`
	Data   string `help:"Directory of the database. Default: tryout-demo in your cache directory, emptied first." type:"path" placeholder:"DIR" env:"TRYOUT_DEMO_DATA" file:"demo-data"`
}

// Run seeds a test and serves it until told to stop.
func (c demoCmd) Run(ctx context.Context, io streams) error {
	box, err := inbox.Open("127.0.0.1:0")
	if err != nil {
		return err
	}
	defer box.Close()
	relay, err := mail.ParseRelay("smtp://" + box.Addr().String())
	if err != nil {
		return err
	}
	s := settings{
		listen: c.Listen, home: home{data: c.Data}, relays: []mail.Relay{relay},
		mailFrom: "Tryout demo <demo@tryout.example>", maxInFlight: 64, connections: 2, drainGrace: time.Millisecond,
		allowAskCLI: true, // it asks, and nobody but you is here to answer
	}
	p, cleanup, err := buildDemo(ctx, s, io.err)
	if err != nil {
		return err
	}
	defer cleanup()
	p.extra = box
	token, err := p.seed(ctx)
	if err != nil {
		p.close()
		return err
	}
	if err := printDemo(io.out, p, token); err != nil {
		return err
	}
	return p.run(ctx)
}

// buildDemo builds the program where it can: beside another demo, in a
// directory and on a port of its own.
func buildDemo(ctx context.Context, s settings, errs io.Writer) (p *program, cleanup func(), err error) {
	cleanup = func() {}
	log, _ := newLog(errs, "text", "warn") // which is never held
	fresh := s.data == ""
	if s.data, err = demoData(s.data); err != nil {
		return nil, cleanup, err
	}
	if fresh {
		if err := forget(s.data); err != nil && !errors.Is(err, store.ErrServed) {
			return nil, cleanup, err
		}
	}
	p, err = build(ctx, s, log)
	if errors.Is(err, store.ErrServed) {
		if s.data, err = os.MkdirTemp("", "tryout-demo-"); err != nil {
			return nil, cleanup, err
		}
		cleanup = func() { os.RemoveAll(s.data) }
		p, err = build(ctx, s, log)
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		host, _, _ := net.SplitHostPort(s.listen)
		s.listen = net.JoinHostPort(host, "0")
		p, err = build(ctx, s, log)
	}
	return p, cleanup, err
}

// demoData returns the directory that a demo uses unless it is told another.
func demoData(dir string) (string, error) {
	if dir != "" {
		return dir, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place for the demo's data (%w); name one with --data", err)
	}
	return filepath.Join(cache, "tryout-demo"), nil
}

// forget empties the demo's own directory, so that each demo begins anew; not
// while another one uses it. What is locked itself stays.
func forget(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	release, err := store.Lock(dir)
	if err != nil {
		return err
	}
	defer release()
	for _, name := range []string{"tryout.db", "tryout.db-wal", "tryout.db-shm", "key", urlFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// seed makes sure that there is a vendor, a skill and a running test, and
// issues a token.
func (p *program) seed(ctx context.Context) (token string, err error) {
	by := beta.Caller{Name: "demo", Vendor: demoVendor, Write: true}
	var e *beta.Error
	for _, err := range []error{
		p.service.CreateVendor(ctx, beta.Vendor{ID: demoVendor, Name: "The Demo Company"}),
		p.service.CreateSkill(ctx, beta.Skill{ID: demoSkill, Vendor: demoVendor, Name: "Weather for Sailors"}),
		p.service.CreateTest(ctx, by, demoSkill, "feedback@tryout.example"),
	} {
		if err != nil && (!errors.As(err, &e) || e.Kind != beta.Conflict) {
			return "", err
		}
	}
	if _, status, err := p.service.BetaTest(ctx, by, demoSkill); err != nil {
		return "", err
	} else if status == beta.InDraft {
		if _, err := p.service.StartTest(ctx, by, demoSkill); err != nil {
			return "", err
		}
	}
	if err := p.seedPerson(ctx); err != nil {
		return "", err
	}
	return p.access.Issue(ctx, demoVendor, lwa.ScopeWrite, demoToken)
}

// seedPerson makes sure that somebody can sign in, who owns the vendor.
func (p *program) seedPerson(ctx context.Context) error {
	people := signin.Register{Store: p.store, Now: time.Now}
	email, err := beta.ParseEmail(demoPerson)
	if err != nil {
		return err
	}
	if _, err := people.Create(ctx, email, "The owner", ""); err != nil && !errors.Is(err, signin.ErrTaken) {
		return err
	}
	return people.Grant(ctx, email, demoVendor, lwa.Owner)
}

// demoText is what a newcomer reads; every indented line can be pasted.
var demoText = template.Must(template.New("demo").Parse(`Tryout demo. Nothing leaves this machine; Ctrl-C ends it.

1. Add a tester:

   curl -i -X POST {{.API}}/testers/add -H 'Authorization: Bearer {{.Token}}' -H 'Content-Type: application/json' -d '{"testers":[{"emailId":"ann@example.com"}]}'

2. Read the mail that she got, follow its link, and accept for her:

   {{.URL}}/inbox/

3. See that she accepted:

   curl {{.API}}/testers -H 'Authorization: Bearer {{.Token}}'

4. The same with Amazon's own client, if you have ask-cli:

   eval "$({{.Program}} env{{.Data}})"
   ask smapi get-list-of-testers -s {{.Skill}}

5. Sign in as {{.Person}}; the code comes to the inbox of step 2:

   {{.URL}}/sign-in

What this server is: {{.URL}}/
`))

func printDemo(w io.Writer, p *program, token string) error {
	data := ""
	if standard, err := demoData(""); err != nil || standard != p.data || isSet("TRYOUT_DATA") || isSet("TRYOUT_CONFIG") || isSet("TRYOUT_VENDOR") {
		data = " --data " + quote(p.data) + " --vendor " + demoVendor
	}
	return demoText.Execute(w, map[string]string{
		"URL": p.url, "API": p.url + "/v1/skills/" + demoSkill + "/betaTest",
		"Token": token, "Skill": demoSkill, "Program": quote(programName()), "Data": data, "Person": demoPerson,
	})
}

// programName is what calls this program, from whatever directory.
func programName() string {
	path, err := os.Executable()
	if err != nil || !strings.Contains(os.Args[0], "/") {
		return os.Args[0] // found on PATH
	}
	return path
}
