package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/alecthomas/kong"

	"tryout/internal/doctor"
	"tryout/internal/store"
)

// initCmd makes a server out of a few answers. What is there already it leaves
// as it is, so it can be run again: after a mistake, a crash, or to change
// something.
type initCmd struct {
	Owner             string `help:"E-mail address of the first person, who may do everything. A test message goes there." placeholder:"ADDR"`
	Vendor            string `help:"Id of the vendor. Default: a new one." placeholder:"ID"`
	VendorName        string `help:"What people call the vendor, whose product is tested." placeholder:"NAME"`
	Skill             string `help:"Id of the skill. Default: a new one." placeholder:"ID"`
	SkillName         string `help:"What testers call the skill, the thing being tested." placeholder:"NAME"`
	Relay             string `help:"The relay, in the place of --smtp; with the next four." placeholder:"HOST:PORT"`
	RelayUser         string `help:"Who we are to the relay; none means that it does not ask." placeholder:"USER"`
	RelayPassword     string `help:"Prefer the environment, or the next." placeholder:"PASSWORD"`
	RelayPasswordFile string `help:"A file with the password alone." type:"path" placeholder:"FILE"`
	RelayTLS          string `name:"relay-tls" help:"starttls, or tls from the first octet. Default: what is usual on that port." placeholder:"HOW"`
	SkipRelayCheck    bool   `help:"Do not try the relay."`
	SkipTestMail      bool   `help:"Send the owner no message."`
	Systemd           bool   `help:"Write a unit for systemd beside FILE too. Default when FILE is /etc/tryout/env."`
	config
}

// initFile is the file that init writes when nobody names one. The first is
// where tryout.service looks.
func initFile() string {
	if isRoot() {
		return unitEnv
	}
	return "tryout.env"
}

// setup is one run of initCmd.
type setup struct {
	*initCmd
	io       streams
	file     *configFile
	flags    []*kong.Flag    // those that serve has too
	given    map[string]bool // flags that were given now, not in the file
	asker    *asker          // nil where nobody is there to answer
	check    *checker        // what is wrong then
	knownKey string          // the master key, if there is one
	freshKey string          // else this
	store    *store.Store    // nil until there is a database
	found    names           // what is in it
	settings settings
	doctor   *doctor.Doctor
	relayOK  bool
	secret   string // of the client made now
	token    string
	client   string
	failed   error // told at the end, when all else is done
}

// Run asks, tries the relay, and only then writes and makes anything.
func (c *initCmd) Run(ctx context.Context, io streams, file *configFile, k *kong.Context) error {
	s, err := c.begin(io, file, k)
	if err != nil {
		return err
	}
	defer s.close()
	return inTurn(ctx,
		s.askPublicURL, s.askPlace, s.askVendor, s.askSkill, s.askOwner, s.askRelay, s.askSender, s.judge, s.tryRelay,
		s.saveSettings, s.open, s.makeVendor, s.makeSkill, s.makeTest, s.makeOwner, s.makeClient, s.handOver, s.saveScript, s.saveUnit,
		s.sendTest, s.sayWhatNext)
}

func inTurn(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// begin notes what is given. With somebody to ask, mistakes that no answer can
// set right end it here.
func (c *initCmd) begin(io streams, file *configFile, k *kong.Context) (*setup, error) {
	if filepath.Ext(file.path) == ".toml" {
		return nil, usageError{fmt.Errorf("--config: init writes lines for the environment; name a file that is not .toml")}
	}
	path, err := filepath.Abs(file.path)
	if err != nil {
		return nil, err
	}
	file.path = path
	if err := mayMake(filepath.Dir(path)); err != nil && file.text == "" {
		return nil, usageError{fmt.Errorf("--config: %s cannot be written: %w; name another file, or run this as root", path, err)}
	}
	s := &setup{
		initCmd: c, io: io, file: file, asker: newAsker(io.err), check: &checker{},
		given: map[string]bool{}, knownKey: c.MasterKey, freshKey: newMasterKey(),
	}
	s.note(k)
	if s.asker == nil {
		return s, nil
	}
	if others := s.others(); others != nil {
		return nil, usageError{errors.Join(others...)}
	}
	fmt.Fprintf(io.err, "Settings go to %s. Enter keeps an answer in [brackets]; Ctrl-C ends this.\n\n", path)
	return s, nil
}

// note keeps which flags are given, on the command line or by the environment,
// and which of all are settings of serve.
func (s *setup) note(k *kong.Context) {
	for _, p := range k.Path {
		if p.Flag != nil && !p.Resolved {
			s.given[p.Flag.Name] = true
		}
	}
	serve := slices.IndexFunc(k.Model.Children, func(n *kong.Node) bool { return n.Name == "serve" })
	for _, f := range k.Flags() {
		s.given[f.Name] = s.given[f.Name] || slices.ContainsFunc(f.Envs, s.file.isOverruled)
		if slices.ContainsFunc(k.Model.Children[serve].Flags, func(g *kong.Flag) bool { return g.Name == f.Name }) {
			s.flags = append(s.flags, f)
		}
	}
}

// questioned are the settings of serve that questions are about.
var questioned = []string{"public-url", "data", "database", "master-key", "smtp", "mail-from"}

// others are the mistakes in what nobody is asked for.
func (s *setup) others() (list []error) {
	_, err := s.config.settings(s.file.mistakes...)
	for _, err := range mistakesIn(err) {
		if m, is := err.(mistake); !is || !slices.Contains(questioned, m.flag) {
			list = append(list, err)
		}
	}
	return list
}

func (s *setup) close() {
	if s.doctor != nil {
		for _, relay := range s.doctor.Relays {
			relay.Close()
		}
	}
	if s.store != nil {
		s.store.Close()
	}
}
