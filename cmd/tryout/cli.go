package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // it was tried and failed
	exitUsage   = 2 // nothing was tried: the command or configuration is wrong
)

// cli is every command and flag. Each flag has an environment variable
// TRYOUT_... and a key in the configuration file, both told by --help.
type cli struct {
	Config string `help:"Read settings from this file: NAME.toml has the flags' names as keys, any other has lines TRYOUT_...=value, as tryout init writes them. Without it and $$TRYOUT_CONFIG none is read." placeholder:"FILE" type:"path"`

	Serve serveCmd `cmd:"" help:"Serve the API and the invitation pages, and deliver mail, until told to stop."`
	Init  initCmd  `cmd:"" help:"Set up a real server: asks, tries the relay, writes the settings, makes vendor, skill, owner and client. Run again, it changes only what is asked."`
	Demo  demoCmd  `cmd:"" help:"Try it out: a server with a seeded test and an inbox of its own. Nothing leaves this machine."`
	Env   envCmd   `cmd:"" help:"Print the environment that points ask-cli at a server: eval \"$(tryout env)\"."`

	Vendor struct {
		Create vendorCreateCmd `cmd:"" help:"Create a vendor, who owns skills."`
	} `cmd:"" help:"Vendors."`
	Skill struct {
		Create skillCreateCmd `cmd:"" help:"Create a skill, the thing being tested."`
	} `cmd:"" help:"Skills."`
	Token struct {
		Create tokenCreateCmd `cmd:"" help:"Issue an access token; it is shown this once."`
		Revoke tokenRevokeCmd `cmd:"" help:"Revoke an access token; it is dead within a second."`
	} `cmd:"" help:"Access tokens."`
	Client struct {
		Create clientCreateCmd `cmd:"" help:"Create a client, a program that gets tokens; its secret is shown this once."`
		List   clientListCmd   `cmd:"" help:"List a vendor's clients."`
		Rotate clientRotateCmd `cmd:"" help:"Give a client another secret, shown this once; the one before is no good from then on."`
		Revoke clientRevokeCmd `cmd:"" help:"Revoke a client and all its tokens, at once."`
	} `cmd:"" help:"Clients, programs that get tokens."`
	User struct {
		Create userCreateCmd `cmd:"" help:"Let a person sign in; what they may do, grant says."`
		List   userListCmd   `cmd:"" help:"List the people who can sign in, with their roles."`
		Grant  userGrantCmd  `cmd:"" help:"Give a person a role in a vendor, in place of the one they had."`
		Revoke userRevokeCmd `cmd:"" help:"Take a person's role in a vendor away, at once."`
		Remove userRemoveCmd `cmd:"" help:"Delete a person with their roles and sessions, at once."`
	} `cmd:"" help:"People who sign in."`

	Why    whyCmd    `cmd:"" help:"Tell what became of the mails to a tester, and what happens next."`
	Resend resendCmd `cmd:"" help:"Send a tester again what did not arrive."`
	Allow  allowCmd  `cmd:"" help:"Mail an address again that bounced, complained or unsubscribed, for all tests of the skill's vendor."`
	Forget forgetCmd `cmd:"" help:"Erase a person from every test, and never add the address again."`

	Migrate migrateCmd `cmd:"" help:"Bring the database up to date with this version, which serve does by itself."`
	Copy    copyCmd    `cmd:"" help:"Copy everything into an empty database, of SQLite or PostgreSQL, and compare both."`

	Bounce bounceCmd `cmd:"" help:"Take a returned message from standard input, for a mail server that pipes it."`
	DKIM   struct {
		Create dkimCreateCmd `cmd:"" help:"Make a key that signs our mail, and print the DNS record to publish."`
	} `cmd:"" name:"dkim" help:"Signatures on our mail."`
	Doctor doctorCmd `cmd:"" help:"Look whether mail sent with serve's settings can arrive, and say what to change."`

	Mail mailCmd `cmd:"" help:"Look at our mail."`

	Version versionCmd `cmd:"" help:"Print the version."`
	Help    helpCmd    `cmd:"" help:"Print this help."`
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, io streams) (code int) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exit:
			code = int(e)
		default:
			panic(e)
		}
		if code == exitUsage && len(args) > 0 && args[0] == "bounce" {
			code = exitTryAgain // the mail server keeps the message until that is set right
		}
	}()
	if len(args) == 0 {
		run(ctx, []string{"help"}, streams{io.err, io.err})
		return exitUsage
	}
	file := findConfig(args)
	parser, err := newParser(ctx, io, file)
	if err == nil {
		err = file.load(parser.Model)
	}
	if err != nil {
		fmt.Fprintln(io.err, "tryout:", err)
		return exitUsage
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(io.err, "tryout: %v\nTry: tryout help\n", err)
		return exitUsage
	}
	if name := command.Command(); name != "serve" && name != "init" { // which tell their other mistakes with them
		err = file.wrong()
	}
	if err == nil {
		err = command.Run()
	}
	return report(file.locate(err), io.err)
}

func newParser(ctx context.Context, io streams, file *configFile) (*kong.Kong, error) {
	return kong.New(&cli{},
		kong.Name("tryout"),
		kong.Description("A self-hosted server for the beta testers of a product; on the wire it is Amazon's SMAPI."),
		kong.Writers(io.out, io.err),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.DefaultEnvars("TRYOUT"),
		kong.Resolvers(file),
		kong.WithHyphenPrefixedParameters(true), // --rate -1 is a mistake of ours to explain
		kong.ValueFormatter(flagHelp),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(io, file),
	)
}

// flagHelp is a flag's help with its default, which kong leaves out.
func flagHelp(v *kong.Value) string {
	if v.Default != "" {
		v = &kong.Value{Tag: v.Tag, OrigHelp: v.OrigHelp, Help: v.Help + " Default: " + v.Default + "."}
	}
	return kong.DefaultHelpValueFormatter(v)
}

// exit carries an exit code out of kong, whose --help ends the process.
type exit int

// usageError marks mistakes in how the program was called or configured.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func report(err error, w io.Writer) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(w, "tryout:", err)
	var coded codedError
	if errors.As(err, &coded) {
		return coded.code
	}
	if errors.As(err, new(usageError)) {
		return exitUsage
	}
	return exitFailure
}

type helpCmd struct{}

// Run prints what --help prints.
func (helpCmd) Run(k *kong.Kong) error {
	_, err := k.Parse([]string{"--help"})
	return err
}
