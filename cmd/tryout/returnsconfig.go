package main

import (
	"crypto/ecdsa"
	"strings"
	"unicode"

	"tryout/internal/beta"
	"tryout/internal/bounce"
)

// returnsConfig is what serve can be told of how mail comes back.
type returnsConfig struct {
	BounceDomain  string `help:"Give every mail a return path of its own at this domain. Default: bounces go to the sender's address." placeholder:"DOMAIN"`
	BounceListen  string `help:"Take returned mail by SMTP on this address, for the bounce domain alone." placeholder:"ADDR"`
	ReturnsSES    string `name:"returns-ses-secret" help:"Take what Amazon SES posts through SNS to /x/v1/returns/ses/SECRET." placeholder:"SECRET"`
	ReturnsPM     string `name:"returns-postmark-secret" help:"Take what Postmark posts to /x/v1/returns/postmark/SECRET, or to /x/v1/returns/postmark with it as the password." placeholder:"SECRET"`
	ReturnsSG     string `name:"returns-sendgrid-key" help:"Take what SendGrid posts to /x/v1/returns/sendgrid: its verification key." placeholder:"BASE64"`
	ReturnsMG     string `name:"returns-mailgun-key" help:"Take what Mailgun posts to /x/v1/returns/mailgun: its webhook signing key." placeholder:"KEY"`
	ReturnsEvents string `name:"returns-events-key" help:"Take Tryout's own form at /x/v1/returns/events, signed as Standard Webhooks has it." placeholder:"whsec_BASE64"`
}

// returnsSettings is a returnsConfig that was found good; what is empty is off.
type returnsSettings struct {
	domain, listen string
	ses, postmark  string
	sendGrid       *ecdsa.PublicKey
	mailgun        []byte
	events         []byte
}

func (c *checker) returns(r returnsConfig) (s returnsSettings) {
	if r.BounceDomain != "" {
		s.domain = c.domain("bounce-domain", r.BounceDomain)
	}
	if r.BounceListen != "" {
		if s.listen = c.address("bounce-listen", r.BounceListen, "0.0.0.0:25"); r.BounceDomain == "" {
			c.wrong("bounce-listen", "needs --bounce-domain: only return paths are taken there")
		}
	}
	s.ses = c.secret("returns-ses-secret", r.ReturnsSES)
	s.postmark = c.secret("returns-postmark-secret", r.ReturnsPM)
	s.mailgun = []byte(c.secret("returns-mailgun-key", r.ReturnsMG))
	var err error
	if r.ReturnsSG != "" {
		if s.sendGrid, err = bounce.SendGridKey(r.ReturnsSG); err != nil {
			c.wrong("returns-sendgrid-key", "%s", strings.TrimPrefix(err.Error(), "bounce: "))
		}
	}
	if r.ReturnsEvents != "" {
		if s.events, err = bounce.EventsKey(r.ReturnsEvents); err != nil {
			c.wrong("returns-events-key", "%s", strings.TrimPrefix(err.Error(), "bounce: "))
		}
	}
	return s
}

// domain takes a domain that leaves room for the longest return path.
func (c *checker) domain(flag, value string) string {
	_, err := beta.ParseEmail(strings.Repeat("b", 64) + "@" + value)
	if err != nil || strings.ContainsFunc(value, func(r rune) bool { return r > unicode.MaxASCII || r <= ' ' }) {
		c.wrong(flag, "must be a domain such as bounces.example.com, in ASCII and not too long")
	}
	return value
}

// minSecret is as short as a secret may be that nothing slows the guessing of.
const minSecret = 16

func (c *checker) secret(flag, value string) string {
	if value != "" && len(value) < minSecret {
		c.wrong(flag, "must have at least %d characters", minSecret)
	}
	return value
}
