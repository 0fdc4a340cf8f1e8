package doctor_test

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"tryout/internal/dnstest"
	"tryout/internal/doctor"
	"tryout/internal/mail"
)

// now is when these tests take place, for whom it matters.
var now = time.Now()

// patience is less than a resolver or a relay's client takes by itself.
const patience = 8 * time.Second

// healthy is the zone of a domain that lacks nothing and signs with key. Its
// texts are too long for UDP.
func healthy(key *mail.DKIM) dnstest.Zone {
	name, text := key.Record()
	return dnstest.Zone{
		"example.com MX":                {"10 mx1.example.com.", "20 mx2.example.com."},
		"mx1.example.com A":             {"203.0.113.9"},
		"mx2.example.com A":             {"203.0.113.10"},
		"example.com TXT":               {strings.Repeat("proof of something; ", 40), "v=spf1 ip4:203.0.113.7 include:_spf.example.net -all"},
		"_spf.example.net TXT":          {"v=spf1 ip4:198.51.100.0/24 ip6:2001:db8::/32 -all"},
		"_dmarc.example.com TXT":        {"v=DMARC1; p=reject"},
		name + " TXT":                   {text},
		"7.113.0.203.in-addr.arpa PTR":  {"out.example.com."},
		"out.example.com A":             {"203.0.113.7"},
		"1.100.51.198.in-addr.arpa PTR": {"elsewhere.example.com."},
		"elsewhere.example.com A":       {"198.51.100.2"},
	}
}

func newKey(t *testing.T, domain string) *mail.DKIM {
	t.Helper()
	file, err := mail.NewKey(false)
	if err != nil {
		t.Fatal(err)
	}
	key, err := mail.NewDKIM(domain, "s1", file)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// patient is a doctor for a server that sends as example.com from 203.0.113.7
// and looks at no relay.
func patient(t *testing.T, zone dnstest.Zone, key *mail.DKIM) *doctor.Doctor {
	t.Helper()
	return &doctor.Doctor{
		From: "beta@example.com", ReturnPath: "beta@example.com", DKIM: key,
		Leaves:   []netip.Addr{netip.MustParseAddr("203.0.113.7")},
		Resolver: doctor.NewResolver(dnstest.Serve(t, zone)), Now: func() time.Time { return now },
	}
}

// wants compares the findings of one check.
func wants(t *testing.T, d *doctor.Doctor, check string, level doctor.Level, phrase, publish string) {
	t.Helper()
	var seen []doctor.Finding
	for _, f := range d.Examine(t.Context()) {
		if f.Check == check {
			seen = append(seen, f)
		}
	}
	if len(seen) != 1 {
		t.Fatalf("%s: got %+v, want one finding", check, seen)
	}
	f := seen[0]
	if f.Level != level || !strings.Contains(f.Found+" "+f.Change, phrase) || f.Publish != publish {
		t.Errorf("%s: got %+v\nwant %s, %q in it, and to publish %q", check, f, level, phrase, publish)
	}
	if f.Level != doctor.OK && f.Change == "" {
		t.Errorf("%s: nothing is said to change", check)
	}
}

func TestADomainThatLacksNothingIsWell(t *testing.T) {
	t.Parallel()
	key := newKey(t, "example.com")
	findings := patient(t, healthy(key), key).Examine(t.Context())
	var checks []string
	for _, f := range findings {
		checks = append(checks, f.Check)
	}
	if want := []string{"From domain", "return path", "SPF", "DKIM", "DMARC", "reverse name"}; !slices.Equal(checks, want) {
		t.Errorf("checks: got %q, want %q", checks, want)
	}
	if doctor.Worst(findings) != doctor.OK {
		t.Errorf("got %+v, want all well", findings)
	}
}

func TestWhatIsWrongIsSaidWithItsRemedy(t *testing.T) {
	t.Parallel()
	key := newKey(t, "example.com")
	keyName, keyText := key.Record()
	const no = "-" // takes the record away
	for _, c := range []struct {
		name, check     string
		zone            dnstest.Zone
		level           doctor.Level
		phrase, publish string
	}{
		{"no mail", "From domain", dnstest.Zone{"example.com MX": {no}}, doctor.Bad, "neither an MX nor an address record", ""},
		{"own address", "return path", dnstest.Zone{"example.com MX": {no}, "example.com A": {"203.0.113.1"}}, doctor.Warn, "has no MX record", ""},
		{"null MX", "return path", dnstest.Zone{"example.com MX": {"0 ."}}, doctor.Bad, "takes no mail", ""},
		{"MX that is not there", "From domain", dnstest.Zone{"example.com MX": {"10 gone.example.com."}}, doctor.Bad, "gone.example.com", ""},
		{"MX, the first not there", "From domain", dnstest.Zone{"mx1.example.com A": {no}}, doctor.OK, "mx2.example.com", ""},

		{"no SPF", "SPF", dnstest.Zone{"example.com TXT": {"v=spf10 -all"}}, doctor.Bad, "no SPF record", `example.com. IN TXT "v=spf1 ip4:203.0.113.7 ~all"`},
		{"SPF of others", "SPF", dnstest.Zone{"example.com TXT": {"v=spf1 mx -all"}}, doctor.Bad, "does not let 203.0.113.7", `example.com. IN TXT "v=spf1 ip4:203.0.113.7 mx -all"`},
		{"SPF softly", "SPF", dnstest.Zone{"example.com TXT": {"v=spf1 ~all"}}, doctor.Bad, "does not let 203.0.113.7", `example.com. IN TXT "v=spf1 ip4:203.0.113.7 ~all"`},
		{"SPF for all", "SPF", dnstest.Zone{"example.com TXT": {"v=spf1 +all"}}, doctor.Warn, "lets anybody", ""},
		{"SPF by include", "SPF", dnstest.Zone{"example.com TXT": {"v=spf1 include:_spf.example.net -all"}, "_spf.example.net TXT": {"v=spf1 ip4:203.0.113.0/28 -all"}}, doctor.OK, "203.0.113.7", ""},
		{"SPF by redirect", "SPF", dnstest.Zone{"example.com TXT": {"v=spf1 redirect=_spf.example.net"}, "_spf.example.net TXT": {"v=spf1 a:out.example.com -all"}}, doctor.OK, "203.0.113.7", ""},
		{"SPF by MX", "SPF", dnstest.Zone{"example.com TXT": {"v=spf1 mx -all"}, "mx2.example.com A": {"203.0.113.7"}}, doctor.OK, "203.0.113.7", ""},
		{"SPF twice", "SPF", dnstest.Zone{"example.com TXT": {"v=spf1 -all", "v=spf1 mx"}}, doctor.Bad, "only one record", ""},
		{"SPF misspelt", "SPF", dnstest.Zone{"example.com TXT": {"v=spf1 ipv4:203.0.113.7 -all"}}, doctor.Bad, "cannot be used", ""},
		{"SPF in a circle", "SPF", dnstest.Zone{"example.com TXT": {"v=spf1 include:example.com -all"}}, doctor.Bad, "at most ten", ""},

		{"SPF that includes silence", "SPF", dnstest.Zone{"_spf.example.net FAIL": {""}, "example.com TXT": {"v=spf1 include:_spf.example.net -all"}}, doctor.Bad, "could not be looked up", ""},

		{"no key", "DKIM", dnstest.Zone{keyName + " TXT": {no}}, doctor.Bad, "cannot verify", doctor.TXT(keyName, keyText)},
		{"another key", "DKIM", dnstest.Zone{keyName + " TXT": {other(t)}}, doctor.Bad, "cannot verify", doctor.TXT(keyName, keyText)},

		{"no DMARC", "DMARC", dnstest.Zone{"_dmarc.example.com TXT": {no}}, doctor.Warn, "no DMARC record", `_dmarc.example.com. IN TXT "v=DMARC1; p=none"`},
		{"DMARC misspelt", "DMARC", dnstest.Zone{"_dmarc.example.com TXT": {"v=DMARC1; p=deny"}}, doctor.Bad, "cannot be read", ""},

		{"no name", "reverse name", dnstest.Zone{"7.113.0.203.in-addr.arpa PTR": {no}}, doctor.Bad, "has no name", "7.113.0.203.in-addr.arpa. IN PTR MAIL.EXAMPLE.COM."},
		{"a name of another", "reverse name", dnstest.Zone{"out.example.com A": {"203.0.113.8"}}, doctor.Bad, "does not lead back", "7.113.0.203.in-addr.arpa. IN PTR MAIL.EXAMPLE.COM."},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			zone := healthy(key)
			for record, texts := range c.zone {
				if zone[record] = texts; texts[0] == no {
					delete(zone, record)
				}
			}
			wants(t, patient(t, zone, key), c.check, c.level, c.phrase, c.publish)
		})
	}
}

// other is the record of a key that nobody has.
func other(t *testing.T) string {
	_, text := newKey(t, "example.com").Record()
	return text
}

func TestDMARCNeedsSomethingThatVouchesForTheSender(t *testing.T) {
	t.Parallel()
	key, foreign := newKey(t, "example.com"), newKey(t, "example.org")
	for _, c := range []struct {
		name, from, returnPath, record string
		key                            *mail.DKIM
		level                          doctor.Level
		phrase                         string
	}{
		{"both", "a@example.com", "a@example.com", "v=DMARC1; p=reject; adkim=s; aspf=s", key, doctor.OK, "SPF and DKIM"},
		{"DKIM", "a@example.com", "a@example.org", "v=DMARC1; p=reject", key, doctor.OK, "; DKIM can"},
		{"below, relaxed", "a@example.com", "a@bounce.example.com", "v=DMARC1; p=reject", foreign, doctor.OK, "; SPF can"},
		{"below, strict", "a@example.com", "a@bounce.example.com", "v=DMARC1; p=reject; aspf=s", foreign, doctor.Bad, "signed for example.org"},
		{"none, rejected", "a@example.com", "a@example.org", "v=DMARC1; p=quarantine", nil, doctor.Bad, "signs nothing"},
		{"none, and nobody minds", "a@example.com", "a@example.org", "v=DMARC1; p=none", nil, doctor.Warn, "nothing from here vouches"},
		{"the organization's", "a@beta.example.com", "a@beta.example.com", "v=DMARC1; p=none; sp=reject", nil, doctor.OK, "_dmarc.example.com says p=reject"},
	} {
		zone := healthy(key)
		zone["_dmarc.example.com TXT"] = []string{c.record}
		d := patient(t, zone, c.key)
		d.From, d.ReturnPath = c.from, c.returnPath
		t.Run(c.name, func(t *testing.T) { wants(t, d, "DMARC", c.level, c.phrase, "") })
	}
}

func TestWithoutAKeyItSaysHowToGetOne(t *testing.T) {
	t.Parallel()
	d := patient(t, healthy(newKey(t, "example.com")), nil)
	wants(t, d, "DKIM", doctor.Warn, "tryout dkim create --domain example.com", "")
}

func TestEveryAddressThatMailLeavesFromIsLookedAt(t *testing.T) {
	t.Parallel()
	key := newKey(t, "example.com")
	d := patient(t, healthy(key), key)
	d.Leaves = []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("2001:db8::1")}
	levels := map[string][]doctor.Level{}
	var published string
	for _, f := range d.Examine(t.Context()) {
		levels[f.Check] = append(levels[f.Check], f.Level)
		published += f.Publish + "\n"
	}
	if got := levels["SPF"]; !slices.Equal(got, []doctor.Level{doctor.OK, doctor.OK, doctor.OK}) {
		t.Errorf("SPF: got %v", got)
	}
	if got := levels["reverse name"]; !slices.Equal(got, []doctor.Level{doctor.OK, doctor.Bad, doctor.Bad}) {
		t.Errorf("reverse name: got %v", got)
	}
	if want := "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. IN PTR "; !strings.Contains(published, want) {
		t.Errorf("published %q, want %q in it", published, want)
	}
}

func TestADNSThatFailsIsNotTakenForOneWithoutRecords(t *testing.T) {
	t.Parallel()
	key := newKey(t, "example.com")
	name, _ := key.Record()
	zone := dnstest.Zone{}
	for _, n := range []string{"example.com", "_dmarc.example.com", name, "7.113.0.203.in-addr.arpa"} {
		zone[n+" FAIL"] = nil
	}
	unanswered(t, patient(t, zone, key))
}

func TestADNSThatSaysNothingHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	mute, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	key := newKey(t, "example.com")
	d := patient(t, nil, key)
	d.Resolver, d.Limit = doctor.NewResolver(mute.LocalAddr().String()), 100*time.Millisecond
	begun := time.Now()
	d.Examine(t.Context())
	if took := time.Since(begun); took > patience {
		t.Errorf("took %v, want about %v", took, d.Limit)
	}
	unanswered(t, d)
}

// The name server that was asked is not that of the system, which the library
// names in its errors.
func TestOnlyTheServerThatWasAskedIsNamed(t *testing.T) {
	t.Parallel()
	d := patient(t, nil, newKey(t, "example.com"))
	d.Resolver = doctor.NewResolver("127.0.0.1:1") // nobody is there
	unanswered(t, d)
	for _, f := range d.Examine(t.Context()) {
		if strings.Contains(f.Found, " on ") || !strings.Contains(f.Found, "->127.0.0.1:1: ") {
			t.Errorf("got %+v", f)
		}
	}
}

// unanswered holds all checks of the DNS to saying that nothing was answered.
func unanswered(t *testing.T, d *doctor.Doctor) {
	t.Helper()
	for _, check := range []string{"From domain", "return path", "SPF", "DKIM", "DMARC", "reverse name"} {
		wants(t, d, check, doctor.Bad, "could not be looked up", "")
	}
}

func TestALongRecordIsPublishedInStrings(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	if got, want := doctor.TXT("a.example.", long), `a.example. IN TXT "`+long[:255]+`" "`+long[255:]+`"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
