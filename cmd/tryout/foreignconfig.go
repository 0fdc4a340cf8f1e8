package main

import (
	"net/url"
	"slices"
	"strings"

	"tryout/internal/foreign"
)

// foreignConfig is what serve can be told of whom else to believe.
type foreignConfig struct {
	OIDCIssuer   string   `name:"oidc-issuer" help:"An issuer of OpenID Connect, exactly as its tokens name it." placeholder:"URL"`
	OIDCAudience string   `name:"oidc-audience" help:"Take its access tokens (JWT) that are made for this audience; needs at least one role." placeholder:"AUD"`
	OIDCRole     []string `name:"oidc-role" help:"Who may do what with them: ROLE:VENDOR:CLAIM=VALUE. Given several times, or with commas: the first that fits decides." placeholder:"RULE"`
	OIDCClientID string   `name:"oidc-client-id" help:"Let people sign in through it, as this client of it, which returns to PUBLIC-URL/sign-in/return." placeholder:"ID"`
	OIDCSecret   string   `name:"oidc-client-secret" help:"The client's secret, if it has one. Prefer the environment." placeholder:"SECRET"`
	OIDCName     string   `name:"oidc-name" help:"What people call it. Default: its host." placeholder:"NAME"`
	LWAClientID  []string `name:"lwa-client-id" help:"Take tokens of Login with Amazon itself that this client was given; several with commas. Needs at least one role." placeholder:"ID"`
	LWARole      []string `name:"lwa-role" help:"Who may do what with them, as --oidc-role; the claims are user_id and email." placeholder:"RULE"`
	LWAURL       string   `name:"lwa-url" help:"Where Login with Amazon is asked about tokens." default:"https://api.amazon.com" placeholder:"URL"`
}

// foreignSettings is a foreignConfig that was found good; what is empty is off.
type foreignSettings struct {
	issuer      foreign.IssuerConfig // without an address: none
	issuerRules foreign.Rules
	amazon      foreign.AmazonConfig // without a client: not asked
	amazonRules foreign.Rules
}

func (c *checker) foreign(f foreignConfig) (s foreignSettings) {
	f.OIDCRole, f.LWARole, f.LWAClientID = some(f.OIDCRole), some(f.LWARole), some(f.LWAClientID)
	s.issuer, s.issuerRules = c.issuer(f)
	s.amazon, s.amazonRules = c.amazon(f)
	return s
}

func (c *checker) issuer(f foreignConfig) (i foreign.IssuerConfig, rules foreign.Rules) {
	rules = c.rules("oidc-role", f.OIDCRole)
	if f.OIDCIssuer == "" {
		c.needs("oidc-audience", "oidc-issuer", f.OIDCAudience != "")
		c.needs("oidc-role", "oidc-issuer", len(f.OIDCRole) > 0)
		c.needs("oidc-client-id", "oidc-issuer", f.OIDCClientID != "")
		c.needs("oidc-client-secret", "oidc-issuer", f.OIDCSecret != "")
		c.needs("oidc-name", "oidc-issuer", f.OIDCName != "")
		return i, nil
	}
	u := c.safeURL("oidc-issuer", f.OIDCIssuer)
	if f.OIDCAudience == "" && f.OIDCClientID == "" {
		c.wrong("oidc-issuer", "does nothing without --oidc-audience (for programs) or --oidc-client-id (for people)")
	}
	if f.OIDCAudience != "" && f.OIDCAudience == f.OIDCClientID {
		c.wrong("oidc-audience", "must not be the --oidc-client-id: what says who somebody is would be taken for access")
	}
	c.needs("oidc-audience", "oidc-role", f.OIDCAudience != "" && len(f.OIDCRole) == 0)
	c.needs("oidc-role", "oidc-audience", f.OIDCAudience == "" && len(f.OIDCRole) > 0)
	c.needs("oidc-client-secret", "oidc-client-id", f.OIDCSecret != "" && f.OIDCClientID == "")
	name := f.OIDCName
	if name == "" && u != nil {
		name = u.Hostname()
	}
	return foreign.IssuerConfig{URL: f.OIDCIssuer, Audience: f.OIDCAudience, Title: name, ClientID: f.OIDCClientID, ClientSecret: f.OIDCSecret}, rules
}

// amazonClient is what the id of each client of Login with Amazon begins with.
const amazonClient = "amzn1.application-oa2-client."

func (c *checker) amazon(f foreignConfig) (a foreign.AmazonConfig, rules foreign.Rules) {
	rules = c.rules("lwa-role", f.LWARole)
	for _, r := range rules {
		if !slices.Contains(foreign.AmazonClaims, r.Claim) {
			c.wrong("lwa-role", "%q: Amazon says only %s of anybody", r.Claim, strings.Join(foreign.AmazonClaims, " and "))
		}
	}
	for _, id := range f.LWAClientID {
		if !strings.HasPrefix(id, amazonClient) || len(id) == len(amazonClient) {
			c.wrong("lwa-client-id", "%q: must be that of a security profile, %s…", id, amazonClient)
		}
	}
	c.needs("lwa-client-id", "lwa-role", len(f.LWAClientID) > 0 && len(f.LWARole) == 0)
	c.needs("lwa-role", "lwa-client-id", len(f.LWAClientID) == 0 && len(f.LWARole) > 0)
	c.safeURL("lwa-url", f.LWAURL)
	return foreign.AmazonConfig{Base: strings.TrimRight(f.LWAURL, "/"), Clients: f.LWAClientID}, rules
}

func (c *checker) rules(flag string, values []string) (list foreign.Rules) {
	for _, value := range values {
		r, err := foreign.ParseRule(value)
		if err != nil {
			c.wrong(flag, "%q: %v", value, err)
			continue
		}
		list = append(list, r)
	}
	return list
}

// some are the values that were given: of a variable that is empty there is one.
func some(values []string) (list []string) {
	for _, value := range values {
		if value = strings.TrimSpace(value); value != "" {
			list = append(list, value)
		}
	}
	return list
}

// safeURL takes an address at which nobody can listen.
func (c *checker) safeURL(flag, value string) *url.URL {
	u, err := url.Parse(value)
	if err != nil || !foreign.IsSafe(u) || u.RawQuery != "" || u.Fragment != "" {
		c.wrong(flag, "must be https://host[:port][/path], or http on this machine")
		return nil
	}
	return u
}

// needs says that a flag is no good without another.
func (c *checker) needs(flag, other string, missing bool) {
	if missing {
		c.wrong(flag, "needs --%s", other)
	}
}
