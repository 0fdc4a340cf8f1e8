package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"tryout/internal/beta"
	"tryout/internal/httpd"
	"tryout/internal/mail"
	"tryout/internal/store"
)

// dataFlag is where a command finds the database.
type dataFlag struct {
	Data      string `help:"Directory of the database; created when it is not there." default:"tryout-data" type:"path" placeholder:"DIR"`
	Database  string `help:"postgres://[user[:password]@]host[:port][,host...]/name to use PostgreSQL, under several servers if you like; nothing is kept in DIR then. Default: SQLite in DIR. Prefer the environment for a password." placeholder:"URL"`
	MasterKey string `help:"Seals the keys in the database: 64 hex digits. Without it, DIR/key is used, and made the first time; PostgreSQL needs it." placeholder:"HEX"`
}

// config is what serve can be told, as text: everything wrong with it is found
// and told at once.
type config struct {
	dataFlag
	Listen       string   `help:"Address of the API and the pages." default:"127.0.0.1:8080" placeholder:"ADDR"`
	PublicURL    string   `help:"What links in mail begin with. Default: the listen address, with http or, given a certificate, https." placeholder:"URL"`
	SMTP         []string `name:"smtp" help:"The relay that takes our mail: smtp[s]://[user:pass@]host:port. Given several times, or with commas: the next is used while those before it are away. Prefer the environment for a password." placeholder:"URL"`
	MailFrom     string   `help:"Sender of our mail: address or Name <address>." placeholder:"ADDR"`
	ReplyTo      string   `help:"Where answers to our mail go when the test has no feedbackEmail. Default: the sender." placeholder:"ADDR"`
	DKIMDomain   string   `name:"dkim-domain" help:"Sign our mail for this domain (DKIM); goes with the next two. Default: nothing is signed." placeholder:"DOMAIN"`
	DKIMSelector string   `name:"dkim-selector" help:"Name of the key among those of the domain." placeholder:"NAME"`
	DKIMKey      string   `name:"dkim-key" help:"The private key, PEM; tryout dkim create makes one." type:"path" placeholder:"FILE"`
	Templates    string   `help:"Folder of words for mail, taken before Tryout's own." type:"path" placeholder:"DIR"`
	AdminListen  string   `help:"Address of /livez, /readyz, /metrics and /debug/pprof/, for operators; without it they are not served." placeholder:"ADDR"`
	Cap          string   `help:"Testers that one test can have." default:"500" placeholder:"N"`
	AccessLife   string   `help:"How long an access token is good that a client gets." default:"1h" placeholder:"DURATION"`
	AllowAskCLI  bool     `name:"allow-ask-cli" help:"Let ask-cli ask people for access under its built-in client id, which proves nothing since everybody has it."`
	Rate         string   `help:"Requests a second per token and per skill; 0 means no limit." default:"0" placeholder:"PER_SECOND"`
	MaxInFlight  string   `help:"Requests served at once; more wait a little, then get 503." default:"512" placeholder:"N"`
	Connections  string   `help:"Connections to the relay." default:"4" placeholder:"N"`
	MailRate     string   `help:"Mails a second; 0 means no limit." default:"0" placeholder:"PER_SECOND"`
	TestLife     string   `help:"How long a test runs until it ends by itself." default:"2160h" placeholder:"DURATION"`
	RemindEvery  string   `help:"Between an invitation or reminder and the next reminder to the same tester." default:"24h" placeholder:"DURATION"`
	AskEvery     string   `help:"Between two feedback requests to the same tester." default:"24h" placeholder:"DURATION"`
	LinkLife     string   `help:"How long a personal link works after it was last mailed; 0 means until the test ends." default:"0" placeholder:"DURATION"`
	DrainGrace   string   `help:"How long new connections are still taken once told to stop." default:"2s" placeholder:"DURATION"`
	TLSCert      string   `name:"tls-cert" help:"Certificate chain, PEM; read again when it changes." type:"path" placeholder:"FILE"`
	TLSKey       string   `name:"tls-key" help:"Its key, PEM." type:"path" placeholder:"FILE"`
	TrustedProxy string   `help:"Networks of proxies whose X-Forwarded-For is believed, for the log." placeholder:"CIDR,..."`
	returnsConfig
	foreignConfig
	LogFormat string `help:"text or json." default:"text" placeholder:"FORMAT"`
	LogLevel  string `help:"debug, info, warn or error." default:"info" placeholder:"LEVEL"`
}

// settings is a config that was found good.
type settings struct {
	listen, adminListen string
	publicURL           string // without a slash at its end; empty means from the listen address
	home
	relays       []mail.Relay // in order of preference
	mailFrom     string
	replyTo      beta.Email    // zero means the sender
	dkim         *mail.DKIM    // nil means that nothing is signed
	wording      *mail.Wording // nil means Tryout's own
	rules        beta.Rules
	accessLife   time.Duration // zero means an hour
	allowAskCLI  bool
	rate         int
	maxInFlight  int
	connections  int
	mailRate     int
	drainGrace   time.Duration
	certificates *httpd.Certificates // nil means no TLS
	proxies      []netip.Prefix
	returns      returnsSettings
	foreign      foreignSettings
}

// checker reads settings and keeps what is wrong with them.
type checker struct{ mistakes []error }

// mistake is what is wrong with a setting.
type mistake struct{ flag, text string }

func (m mistake) Error() string { return "--" + m.flag + ": " + m.text }

func (c *checker) wrong(flag, format string, args ...any) {
	c.mistakes = append(c.mistakes, mistake{flag, fmt.Sprintf(format, args...)})
}

// settings checks everything; the error names every mistake.
func (c config) settings(others ...error) (settings, error) {
	check := &checker{mistakes: others}
	s := settings{
		listen:      check.address("listen", c.Listen, "127.0.0.1:8080"),
		publicURL:   check.publicURL(c.PublicURL),
		home:        check.home(c.dataFlag),
		relays:      check.relays(c.SMTP),
		mailFrom:    check.mailbox("mail-from", c.MailFrom),
		replyTo:     check.email("reply-to", c.ReplyTo),
		dkim:        check.dkim(c.DKIMDomain, c.DKIMSelector, c.DKIMKey),
		wording:     check.wording(c.Templates),
		rate:        check.number("rate", c.Rate, 0, 1_000_000),
		maxInFlight: check.number("max-in-flight", c.MaxInFlight, 1, 1_000_000),
		connections: check.number("connections", c.Connections, 1, 1_000),
		mailRate:    check.number("mail-rate", c.MailRate, 0, 1_000_000),
		drainGrace:  check.duration("drain-grace", c.DrainGrace, 0),
		accessLife:  check.duration("access-life", c.AccessLife, time.Second),
		allowAskCLI: c.AllowAskCLI,
		proxies:     check.networks("trusted-proxy", c.TrustedProxy),
		rules: beta.Rules{
			Cap:           check.number("cap", c.Cap, 1, 1_000_000_000),
			Life:          check.duration("test-life", c.TestLife, 1),
			ReminderEvery: check.duration("remind-every", c.RemindEvery, 1),
			FeedbackEvery: check.duration("ask-every", c.AskEvery, 1),
			LinkLife:      check.duration("link-life", c.LinkLife, 0),
		},
	}
	if c.AdminListen != "" {
		s.adminListen = check.address("admin-listen", c.AdminListen, "127.0.0.1:9090")
	}
	s.returns = check.returns(c.returnsConfig)
	s.foreign = check.foreign(c.foreignConfig)
	s.certificates = check.certificates(c.TLSCert, c.TLSKey)
	check.oneOf("log-format", c.LogFormat, "text", "json")
	check.oneOf("log-level", c.LogLevel, "debug", "info", "warn", "error")
	if check.mistakes != nil {
		return settings{}, usageError{errors.Join(check.mistakes...)}
	}
	return s, nil
}

func (c *checker) address(flag, value, such string) string {
	_, port, err := net.SplitHostPort(value)
	if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n > 65535 {
		c.wrong(flag, "must be host:port such as %s, not %q", such, value)
	}
	return value
}

func (c *checker) publicURL(value string) string {
	if value == "" {
		return ""
	}
	value = strings.TrimRight(value, "/")
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || value != u.Scheme+"://"+u.Host {
		c.wrong("public-url", "must be http(s)://host[:port] and nothing more, such as https://beta.example.com")
	} else if strings.ContainsFunc(value, func(r rune) bool { return r > unicode.MaxASCII }) {
		c.wrong("public-url", "must be in ASCII; write the host as xn--...")
	}
	return value
}

func (c *checker) masterKey(value string) []byte {
	if value == "" {
		return nil
	}
	key, err := hex.DecodeString(value)
	if err != nil || len(key) != store.KeySize {
		c.wrong("master-key", "must be %d hex digits", 2*store.KeySize)
	}
	return key
}

func (c *checker) relays(values []string) (list []mail.Relay) {
	if strings.Join(values, "") == "" {
		c.wrong("smtp", "is missing: without a relay no invitation leaves; to try things out use: tryout demo")
		return nil
	}
	for i, value := range values {
		relay, err := mail.ParseRelay(strings.TrimSpace(value))
		switch {
		case err != nil && len(values) > 1: // it is not repeated: a password may stand in it
			c.wrong("smtp", "number %d: %v", i+1, err)
		case err != nil:
			c.wrong("smtp", "%v", err)
		}
		list = append(list, relay)
	}
	return list
}

func (c *checker) mailbox(flag, value string) string {
	if value == "" {
		c.wrong(flag, "is missing: who our mail is from, an address or Name <address>")
		return ""
	}
	if _, err := mail.NewWriter(value, "localhost"); err != nil {
		c.wrong(flag, "%s", strings.TrimPrefix(err.Error(), "sender "))
	}
	return value
}

func (c *checker) wording(dir string) *mail.Wording {
	wording, err := readWording(dir)
	if err != nil {
		c.wrong("templates", "%v", err)
	}
	return wording
}

func (c *checker) certificates(cert, key string) *httpd.Certificates {
	if cert == "" && key == "" {
		return nil
	}
	if cert == "" || key == "" {
		c.wrong("tls-cert", "and --tls-key go together")
		return nil
	}
	certificates, err := httpd.LoadCertificates(cert, key)
	if err != nil {
		c.wrong("tls-cert", "and --tls-key cannot be used: %v", err)
	}
	return certificates
}

func (c *checker) number(flag, value string, least, most int) int {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		c.wrong(flag, "must be a whole number in %d..%d, not %q", least, most, value)
	}
	return n
}

func (c *checker) duration(flag, value string, least time.Duration) time.Duration {
	d, err := time.ParseDuration(value) // which takes "0" too
	switch {
	case err != nil:
		c.wrong(flag, "must be a duration such as 90s or 24h, not %q", value)
	case d < least && least == 1:
		c.wrong(flag, "must be more than 0, not %q", value)
	case d < least:
		c.wrong(flag, "must be at least %v, not %q", least, value)
	}
	return d
}

func (c *checker) networks(flag, value string) (list []netip.Prefix) {
	for text := range strings.SplitSeq(value, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			c.wrong(flag, "must be networks such as 10.0.0.0/8 or 10.0.0.1/32, not %q", text)
		}
		list = append(list, prefix)
	}
	return list
}

func (c *checker) oneOf(flag, value string, allowed ...string) {
	for _, a := range allowed {
		if value == a {
			return
		}
	}
	c.wrong(flag, "must be one of %s, not %q", strings.Join(allowed, ", "), value)
}
