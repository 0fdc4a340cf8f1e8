package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"tryout/internal/beta"
	"tryout/internal/mail"
)

// mailCmd is what looks at our mail without a tester being mailed.
type mailCmd struct {
	Check   mailCheckCmd   `cmd:"" help:"Check a folder of words, as serve does when it starts."`
	Preview mailPreviewCmd `cmd:"" help:"Write the message of one kind, with sample data."`
	Test    mailTestCmd    `cmd:"" help:"Send a message with sample data as serve would, through each relay, and tell what it answered."`
}

// sampleFlag says which words to show.
type sampleFlag struct {
	Lang     string `help:"Language, such as de." placeholder:"TAG"`
	Vendor   string `help:"The words of this vendor." placeholder:"ID"`
	Skill    string `help:"The words of this skill of the vendor." placeholder:"ID"`
	Accepted bool   `help:"As to a tester who has accepted."`
}

// letter returns a sample of a kind.
func (f sampleFlag) letter(kind string) (l beta.Letter, err error) {
	k, known := mail.KindNamed(kind)
	if !known {
		return l, usageError{fmt.Errorf("there is no kind of mail %q: there are %s", kind, strings.Join(mail.KindNames(), ", "))}
	}
	l = mail.Sample(k)
	if l.Language, err = beta.ParseLanguage(f.Lang); err != nil {
		return l, usageError{fmt.Errorf("--lang: %w", err)}
	}
	if f.Skill != "" && f.Vendor == "" {
		return l, usageError{errors.New("--skill: needs --vendor, in whose folder its words are")}
	}
	l.VendorID, l.SkillID, l.Accepted = beta.VendorID(f.Vendor), beta.SkillID(f.Skill), f.Accepted
	return l, nil
}

// readWording reads an operator's words; without a folder they are nil, Tryout's own.
func readWording(dir string) (*mail.Wording, error) {
	if dir == "" {
		return nil, nil
	}
	if _, err := os.ReadDir(dir); err != nil { // of which the next would say no name
		return nil, err
	}
	wording, err := mail.ReadWording(os.DirFS(dir))
	if err != nil {
		err = fmt.Errorf("in %s:\n%w", dir, err)
	}
	return wording, err
}

type mailCheckCmd struct {
	Templates string `required:"" help:"The folder." type:"path" placeholder:"DIR"`
}

// Run checks a folder of words.
func (c mailCheckCmd) Run(io streams) error {
	if _, err := readWording(c.Templates); err != nil {
		return err
	}
	_, err := fmt.Fprintln(io.out, "nothing is wrong")
	return err
}

type mailPreviewCmd struct {
	sampleFlag
	Kind      string `arg:"" help:"invitation, reminder, feedback, removed, ended or forward."`
	Templates string `help:"Folder of words for mail, taken before Tryout's own." type:"path" placeholder:"DIR"`
	MailFrom  string `help:"Sender." default:"Sample Vendor <beta@example.com>" placeholder:"ADDR"`
	Format    string `help:"eml, text or html." default:"eml" enum:"eml,text,html" placeholder:"FORMAT"`
}

// Run writes a message.
func (c mailPreviewCmd) Run(io streams) error {
	l, err := c.letter(c.Kind)
	if err != nil {
		return err
	}
	wording, err := readWording(c.Templates)
	if err != nil {
		return err
	}
	w, err := newWriter(c.MailFrom, "beta.example.com", wording)
	if err != nil {
		return usageError{fmt.Errorf("--mail-from: %w", err)}
	}
	text, err := c.show(w, l)
	if err == nil {
		_, err = io.out.Write(text)
	}
	return err
}

func (c mailPreviewCmd) show(w *mail.Writer, l beta.Letter) ([]byte, error) {
	if c.Format == "eml" {
		m, err := w.Write(l, time.Now())
		return m.Data, err
	}
	subject, text, html, err := w.Preview(l)
	if c.Format == "html" {
		return []byte(html), err
	}
	return []byte(subject + "\n\n" + text), err
}

type mailTestCmd struct {
	config
	sampleFlag
	Address string `arg:"" help:"Where it goes."`
	Kind    string `help:"invitation, reminder, feedback, removed, ended or forward." default:"invitation" placeholder:"KIND"`
	Relay   int    `help:"Only through this relay of those given, counted from 1. Default: through each." placeholder:"N"`
}

// Run sends one message through each relay and prints its answer.
func (c mailTestCmd) Run(ctx context.Context, io streams, file *configFile) error {
	s, err := c.settings(file.mistakes...)
	if err != nil {
		return err
	}
	l, err := c.letter(c.Kind)
	if err != nil {
		return err
	}
	if l.To, err = beta.ParseEmail(c.Address); err != nil {
		return usageError{fmt.Errorf("%q: %w", c.Address, err)}
	}
	if c.Relay < 0 || c.Relay > len(s.relays) {
		return usageError{fmt.Errorf("--relay: must be in 1..%d, the relays that are set up", len(s.relays))}
	}
	if c.Relay > 0 {
		s.relays = s.relays[c.Relay-1 : c.Relay]
	}
	if s.publicURL == "" {
		s.publicURL = "http://" + s.listen
	}
	now := time.Now()
	l.ID = beta.MailID{Test: beta.NewTestID(now), Tester: 1, Seq: 1} // of a test that is not there, so what comes back is of no mail
	l.Link, l.Unsubscribe, l.QueuedAt = s.publicURL+"/", s.publicURL+"/", now
	w, err := s.testWriter(ctx)
	if err != nil {
		return err
	}
	return s.tryEach(ctx, io, func() (mail.Message, error) { return w.Write(l, time.Now()) })
}

// testWriter is the writer that serve would have.
func (s settings) testWriter(ctx context.Context) (*mail.Writer, error) {
	w, err := s.writer(host(s.publicURL))
	if err != nil {
		return nil, err
	}
	if w.Postmark = s.returns.postmark != ""; s.returns.domain == "" {
		return w, nil
	}
	data, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer data.Close()
	addresses, err := returnPaths(ctx, data, s.returns.domain)
	w.ReturnPath = addresses.Text
	return w, err
}

// tryEach hands a message to each relay and prints what it answered. The error
// says what each said that did not take it.
func (s settings) tryEach(ctx context.Context, io streams, write func() (mail.Message, error)) (refusals error) {
	for _, relay := range s.relays {
		client := &mail.Client{Relay: relay, Hello: hello(host(s.publicURL))}
		reply, err := client.Send(ctx, write, nil)
		client.Close()
		if err == nil {
			_, err = fmt.Fprintf(io.out, "%s answered: %s\n", relay.Addr(), reply)
		}
		refusals = errors.Join(refusals, err)
	}
	return refusals
}

// newWriter returns a writer with these words; nil are Tryout's own.
func newWriter(from, host string, wording *mail.Wording) (*mail.Writer, error) {
	w, err := mail.NewWriter(from, host)
	if err == nil && wording != nil {
		w.Use(wording)
	}
	return w, err
}
