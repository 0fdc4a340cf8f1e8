package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tryout/internal/storetest"
	"tryout/internal/termtest"
)

var update = flag.Bool("update", false, "write the conversations that tryout init has to testdata/init")

// at starts tryout init with a person at the terminal.
func (p *newcomersPlace) at(flags ...string) *termtest.Terminal {
	p.t.Helper()
	line := "tryout init --config env"
	for _, f := range flags {
		line += " " + quote(f)
	}
	return termtest.Start(p.t, line, p.dir, p.command().Env)
}

const (
	askURL      = "Public URL"
	askData     = "Directory of the data"
	askVendor   = "Vendor, whose"
	askSkill    = "Skill, the thing"
	askSkillID  = "Id of the skill"
	askOwner    = "first person"
	askRelay    = "Mail relay"
	askTLS      = "Its TLS"
	askUser     = "Our user name"
	askPassword = "Our password"
	askSender   = "Sender of our mail"
	askKeep     = "Keep it all the same?"
)

// The whole conversation, in which every kind of answer is wrong once.
func TestInitAsksANewcomer(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	term := p.at()
	term.Answer(askURL, "beta.example.com")
	term.Answer(askURL, "https://beta.example.com")
	if storetest.OnPostgres() {
		term.Answer(askData, p.database)
	} else {
		term.Answer(askData, "/dev/null/data")
		term.Answer(askData, "data")
	}
	term.Answer(askVendor, "")
	term.Answer(askVendor, "Example Games")
	term.Answer(askSkill, "Word Quiz")
	term.Answer(askSkillID, "..")
	term.Answer(askSkillID, "")
	term.Answer(askOwner, "ann")
	term.Answer(askOwner, "ann@owner.test")
	term.Answer(askRelay, "mail.example.com")
	term.Answer(askRelay, p.relay.addr)
	term.Answer(askTLS, "ssl")
	term.Answer(askTLS, "")
	term.Answer(askUser, "user")
	term.Answer(askPassword, "")
	term.Answer(askPassword, "wrong")
	term.Answer(askSender, "beta")
	term.Answer(askSender, "Example Games <beta@example.com>")
	term.Answer(askKeep, "")
	term.Answer(askRelay, "")
	term.Answer(askTLS, "")
	term.Answer(askUser, "")
	term.Answer(askPassword, relayPassword)
	term.Answer(askSender, "")
	term.End()
	p.holds(term, "newcomer")
	if sent := p.relay.seen(); len(sent) != 1 || !strings.HasPrefix(sent[0], "ann@owner.test\n") {
		t.Errorf("sent %q, want one message to the owner", sent)
	}
}

// holds compares a conversation with the one on record.
func (p *newcomersPlace) holds(term *termtest.Terminal, name string) {
	p.t.Helper()
	got := p.anonymous(term.Text())
	if strings.Contains(term.Text(), relayPassword) {
		p.t.Error("the password is shown")
	}
	if storetest.OnPostgres() {
		return // where the question about the database has another answer
	}
	file := filepath.Join("testdata", "init", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || got != string(want) {
		p.t.Errorf("%v; the conversation is (-update records it)\n%s\nand was\n%s", err, got, want)
	}
}

// anonymous puts words in the place of what differs from run to run.
func (p *newcomersPlace) anonymous(text string) string {
	text = strings.NewReplacer("\r\n", "\n", p.dir, "DIR", p.relay.addr, "RELAY").Replace(text)
	for _, r := range [][2]string{
		{`\x1b\[[0-9;?]*[A-Za-z]`, ""},
		{`V[0-9a-z]{26}`, "VENDOR"},
		{`amzn1\.ask\.skill\.[0-9a-f-]{36}`, "SKILL"},
		{`amzn1\.application-oa2-client\.[0-9a-f]+`, "CLIENT"},
		{`amzn1\.oa2-cs\.v1\.[0-9a-f]+`, "SECRET"},
		{`'Atza\|[^']+'`, "TOKEN"},
		{`until [0-9-]+, \d+ more`, "until DATE, N more"},
		{`doctor\.[0-9a-z]+@`, "ID@"},
		{`\[(/var/lib/tryout|DIR/tryout-data)\]`, "[DATA]"}, // as root, or not
	} {
		text = regexp.MustCompile(r[0]).ReplaceAllString(text, r[1])
	}
	return text
}

// Enter keeps every answer, and then nothing is changed.
func TestInitKeepsWhatEnterKeeps(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.init(exitOK, p.flags...)
	env, rows := p.read("env"), storetest.Dump(t, p.database)
	term := p.at("--skip-test-mail")
	for _, question := range []string{askURL, askData, askOwner, askRelay, askTLS, askUser, askPassword, askSender} {
		term.Answer(question, "")
	}
	term.End()
	p.holds(term, "again")
	if got := p.read("env"); got != env {
		t.Errorf("the settings were\n%sand are\n%s", env, got)
	}
	if got := storetest.Dump(t, p.database); got != rows {
		t.Errorf("the rows were\n%s\nand are\n%s", rows, got)
	}
}

// What was told for one relay is not told to another, which is kept although it
// is not there.
func TestInitForgetsThePasswordOfAnotherRelay(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.init(exitOK, append([]string{"--skip-test-mail"}, p.flags...)...)
	term := p.at()
	for _, question := range []string{askURL, askData, askOwner} {
		term.Answer(question, "")
	}
	elsewhere := func() { // without a user, unless one is asked for there
		term.Answer(askRelay, "127.0.0.1:1")
		for _, question := range []string{askTLS, askUser, askSender} {
			term.Answer(question, "")
		}
	}
	elsewhere()
	term.Answer(askKeep, "no")
	for _, a := range [][2]string{{askRelay, p.relay.addr}, {askTLS, ""}, {askUser, "user"}, {askPassword, "wrong"}, {askSender, ""}} {
		term.Answer(a[0], a[1])
	}
	term.Answer(askKeep, "")
	elsewhere()
	term.Answer(askKeep, "yes")
	term.End()
	if env := p.read("env"); !strings.Contains(env, "\nTRYOUT_SMTP=smtp://127.0.0.1:1\n") {
		t.Errorf("got\n%s\nwant a relay without a user", env)
	}
	if sent := p.relay.seen(); len(sent) > 0 {
		t.Errorf("sent %q", sent)
	}
}

// Ctrl-C while the password is typed leaves a terminal that shows what is typed.
func TestInitInterruptedLeavesTheTerminalAsItWas(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	line := "stty -a > before; tryout init --config env --relay-user user " + quoteAll(p.flags[:4]) + " --mail-from beta@example.com --owner a@b.test --vendor-name V --skill-name S --skill S --data d --relay-tls starttls; echo ended with $?; stty -a > after"
	for name, key := range map[string]string{"Ctrl-C": "\x03", "Ctrl-D": "\x04"} {
		term := termtest.Start(t, line, p.dir, p.command().Env)
		term.Await(askPassword)
		term.Type(key)
		term.Await("ended with 1")
		term.End()
		if before, after := p.read("before"), p.read("after"); before != after || before == "" {
			t.Errorf("%s: the terminal was\n%s\nand is\n%s", name, before, after)
		}
	}
	if _, err := os.Stat(p.env); err == nil {
		t.Error("something was written")
	}
}

func quoteAll(words []string) string {
	var quoted []string
	for _, w := range words {
		quoted = append(quoted, quote(w))
	}
	return strings.Join(quoted, " ")
}
