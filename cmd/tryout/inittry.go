package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tryout/internal/doctor"
)

// judge has all mistakes told at once that nobody was there to set right.
func (s *setup) judge(context.Context) (err error) {
	if s.asker == nil {
		s.check.mistakes = append(s.check.mistakes, s.others()...)
	}
	if s.check.mistakes != nil {
		return usageError{errors.Join(s.check.mistakes...)}
	}
	if s.settings, err = s.config.settings(); err != nil {
		return err
	}
	d, _, err := doctorCmd{}.doctor(s.settings)
	if err == nil {
		s.doctor, d.RelaysIn = d, s.relaysIn()
	}
	return err
}

// relaysIn is where the relay was told, unless it was just now at the terminal.
func (s *setup) relaysIn() string {
	switch {
	case s.asker != nil:
		return ""
	case s.given["relay"], s.given["relay-tls"], s.given["relay-user"], s.given["relay-password"]:
		return "--relay and the settings beside it"
	}
	return s.file.place("smtp")
}

// relayPatience is how long the relays have to show that they take our mail.
const relayPatience = 20 * time.Second

// tryRelay goes as far as the first mail would. What does not work is kept only
// if somebody wants it.
func (s *setup) tryRelay(ctx context.Context) error {
	if s.SkipRelayCheck {
		return nil
	}
	fmt.Fprintln(s.io.err, "\nTrying the relay:")
	bounded, cancel := context.WithTimeout(ctx, relayPatience)
	defer cancel()
	var findings []doctor.Finding
	for _, relay := range s.doctor.Relays {
		findings = append(findings, s.doctor.Relay(bounded, relay)...)
	}
	fmt.Fprintf(s.io.err, "%v\n\n", diagnosis{Findings: findings})
	if s.relayOK = doctor.Worst(findings) != doctor.Bad; s.relayOK {
		return nil
	}
	if s.asker == nil {
		return errors.New("the relay does not take our mail, and nothing was written; --skip-relay-check keeps it all the same")
	}
	if keep, err := s.asker.yes(ctx, "Keep it all the same?"); keep || err != nil {
		return err
	}
	for _, flag := range []string{"smtp", "relay", "relay-tls", "relay-user", "relay-password", "mail-from"} {
		delete(s.given, flag)
	}
	s.RelayPasswordFile = ""
	return inTurn(ctx, s.askRelay, s.askSender, s.judge, s.tryRelay)
}
