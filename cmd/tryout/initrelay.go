package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"tryout/internal/mail"
)

// none is a user of a relay that asks for none.
const none = "none"

// askRelay takes --smtp as it is, or asks for its parts. Relays after the first
// stay.
func (s *setup) askRelay(ctx context.Context) error {
	check := &checker{}
	if strings.Join(s.SMTP, "") != "" {
		check.relays(s.SMTP)
	}
	switch {
	case check.mistakes != nil && s.asker == nil:
		s.check.mistakes = append(s.check.mistakes, check.mistakes...)
		return nil
	case check.mistakes != nil:
		fmt.Fprintln(s.io.err, errors.Join(check.mistakes...))
		s.SMTP = nil
	case s.given["smtp"] && !s.given["relay"]:
		return nil
	}
	return inTurn(ctx, s.askRelayHost, s.askRelayTLS, s.askRelayUser, s.askRelayPassword, s.joinRelay)
}

// knownRelay is the relay so far; zero where there is none, or where another is
// meant now: what was told for one is not told to another.
func (s *setup) knownRelay() mail.Relay {
	if len(s.SMTP) == 0 {
		return mail.Relay{}
	}
	relay, err := mail.ParseRelay(strings.TrimSpace(s.SMTP[0]))
	if err != nil || s.Relay != "" && s.Relay != relay.Addr() {
		return mail.Relay{}
	}
	return relay
}

func (s *setup) askRelayHost(ctx context.Context) error {
	if known := s.knownRelay(); known.Host != "" {
		s.Relay = known.Addr()
	}
	before := s.Relay
	err := s.ask(ctx, question{
		flag: "relay", text: "Mail relay, host:port", answer: &s.Relay,
		check: needed("the server that takes our mail, such as mail.example.com:587", func(c *checker, flag, value string) {
			if _, err := parseHostPort(value); err != nil {
				c.wrong(flag, "must be host:port such as mail.example.com:587")
			}
		}),
	})
	for flag, part := range map[string]*string{"relay-tls": &s.RelayTLS, "relay-user": &s.RelayUser, "relay-password": &s.RelayPassword} {
		if s.Relay != before && !s.given[flag] {
			*part = ""
		}
	}
	return err
}

func parseHostPort(value string) (mail.Relay, error) {
	if _, port, err := net.SplitHostPort(value); err != nil || port == "" {
		return mail.Relay{}, errors.New("no port")
	}
	relay, err := mail.ParseRelay("smtp://" + value)
	if err == nil && (relay.Addr() != value || relay.User != "") {
		err = errors.New("more than host:port")
	}
	return relay, err
}

func (s *setup) askRelayTLS(ctx context.Context) error {
	known := s.knownRelay()
	if _, port, _ := net.SplitHostPort(s.Relay); s.RelayTLS == "" {
		s.RelayTLS = "starttls"
		if known.TLS || known.Host == "" && port == "465" {
			s.RelayTLS = "tls"
		}
	}
	return s.ask(ctx, question{
		flag: "relay-tls", text: "Its TLS: starttls, or tls from the first octet", answer: &s.RelayTLS,
		check: func(c *checker, flag, value string) { c.oneOf(flag, value, "starttls", "tls") },
	})
}

func (s *setup) askRelayUser(ctx context.Context) error {
	s.RelayUser = cmp.Or(s.RelayUser, s.knownRelay().User, none)
	return s.ask(ctx, question{
		flag: "relay-user", text: "Our user name there, or " + none, answer: &s.RelayUser,
		check: func(*checker, string, string) {},
	})
}

func (s *setup) askRelayPassword(ctx context.Context) error {
	if s.RelayUser == none {
		s.RelayUser, s.RelayPassword = "", ""
		return nil
	}
	if s.RelayPasswordFile != "" {
		text, err := os.ReadFile(s.RelayPasswordFile)
		if err != nil {
			s.check.wrong("relay-password-file", "%v", err)
		}
		s.RelayPassword, s.given["relay-password"] = strings.TrimRight(string(text), "\r\n"), err == nil
	}
	q := question{flag: "relay-password", text: "Our password there, which is not shown", answer: &s.RelayPassword, secret: true}
	if known := s.knownRelay(); s.RelayPassword == "" && known.User == s.RelayUser {
		s.RelayPassword = known.Password
	}
	if s.RelayPassword != "" {
		q.shown = "as before"
	}
	q.check = needed("a user needs one; --relay-password-file names a file with it", func(*checker, string, string) {})
	return s.ask(ctx, q)
}

// joinRelay makes a setting of the parts, if they say anything new.
func (s *setup) joinRelay(context.Context) error {
	relay, err := parseHostPort(s.Relay)
	if err != nil {
		return nil // it was told
	}
	relay.TLS, relay.User, relay.Password = s.RelayTLS == "tls", s.RelayUser, s.RelayPassword
	if relay != s.knownRelay() {
		s.SMTP = append([]string{relayURL(relay)}, s.SMTP[min(1, len(s.SMTP)):]...)
	}
	return nil
}

// relayURL is a relay with its password, as --smtp has it.
func relayURL(r mail.Relay) string {
	u := url.URL{Scheme: "smtp", Host: r.Addr()}
	if r.TLS {
		u.Scheme = "smtps"
	}
	if r.User != "" {
		u.User = url.UserPassword(r.User, r.Password)
	}
	return strings.ReplaceAll(u.String(), ",", "%2C") // which stands between relays
}
