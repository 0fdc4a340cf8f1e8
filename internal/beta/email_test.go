package beta_test

import (
	"errors"
	"strings"
	"testing"

	"tryout/internal/beta"
)

func TestAddressesThatAreTaken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, given, key string }{
		{"trailing space", "a@x.test ", "a@x.test", "a@x.test"},
		{"plus tag", "a+tag@x.test", "a+tag@x.test", "a+tag@x.test"},
		{"upper case", "UPPER@X.TEST", "UPPER@X.TEST", "upper@x.test"},
		{"csv formula equals", "=cmd|'/Ccalc'!A0@x.test", "=cmd|'/Ccalc'!A0@x.test", "=cmd|'/ccalc'!a0@x.test"},
		{"csv formula plus", "+1+1@x.test", "+1+1@x.test", "+1+1@x.test"},
		{"sql quote", "o'brien@x.test", "o'brien@x.test", "o'brien@x.test"},
		{"dollar brace", "${jndi}@x.test", "${jndi}@x.test", "${jndi}@x.test"},
		{"template braces", "{{7*7}}@x.test", "{{7*7}}@x.test", "{{7*7}}@x.test"},
		{"single char", "a@b.co", "a@b.co", "a@b.co"},
		{"hyphen domain", "a@x-y.test", "a@x-y.test", "a@x-y.test"},
		{"idn a label", "d@xn--bcher-kva.test", "d@xn--bcher-kva.test", "d@xn--bcher-kva.test"},
		{"idn cyrillic lookalike", "h@\u0435xample.test", "h@\u0435xample.test", "h@xn--xample-2of.test"},
		{"spaces and tabs around", " \t a@x.test\t ", "a@x.test", "a@x.test"},
		{"every character of a dot-atom", "!#$%&'*+-/=?^_`{|}~.aZ9@x.test", "!#$%&'*+-/=?^_`{|}~.aZ9@x.test", "!#$%&'*+-/=?^_`{|}~.az9@x.test"},
		{"U-label", "D@B\u00fccher.test", "D@B\u00fccher.test", "d@xn--bcher-kva.test"},
		{"U-label, decomposed", "d@Bu\u0308cher.test", "d@Bu\u0308cher.test", "d@xn--bcher-kva.test"},
		{"A-label in upper case", "d@XN--BCHER-KVA.TEST", "d@XN--BCHER-KVA.TEST", "d@xn--bcher-kva.test"},
		{"sharp s is a letter of its own", "d@stra\u00dfe.test", "d@stra\u00dfe.test", "d@xn--strae-oqa.test"},
		{"ideographic full stop", "d@x\u3002test", "d@x\u3002test", "d@x.test"},
		{"full width domain", "d@\uff58.test", "d@\uff58.test", "d@x.test"},
		{"top level domain in Unicode", "d@x.\u0440\u0444", "d@x.\u0440\u0444", "d@x.xn--p1ai"},
		{"digits in a label", "d@1and1.4u", "d@1and1.4u", "d@1and1.4u"},
		{"64 octets before the @", l(64) + "@x.test", l(64) + "@x.test", l(64) + "@x.test"},
		{"63 octets in a label", "a@" + l(63) + ".test", "a@" + l(63) + ".test", "a@" + l(63) + ".test"},
		{"254 octets", long(254), long(254), long(254)},
	} {
		e, err := beta.ParseEmail(c.in)
		if want := (beta.Email{Given: c.given, Key: c.key}); e != want || err != nil {
			t.Errorf("%s: %q: got %+v, %v, want %+v", c.name, c.in, e, err, want)
		}
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, code string }{
		{"empty", "", beta.CodeLength},
		{"at only", "@", beta.CodePattern},
		{"no local", "@x.test", beta.CodePattern},
		{"no domain", "a@", beta.CodePattern},
		{"leading dot", ".a@x.test", beta.CodePattern},
		{"trailing dot local", "a.@x.test", beta.CodePattern},
		{"double dot", "a..b@x.test", beta.CodePattern},
		{"space inside", "a b@x.test", beta.CodePattern},
		{"quoted local", "\"a b\"@x.test", beta.CodePattern},
		{"display name", "A <a@x.test>", beta.CodePattern},
		{"angle", "<a@x.test>", beta.CodePattern},
		{"list", "a@x.test,b@x.test", beta.CodePattern},
		{"semicolon list", "a@x.test;b@x.test", beta.CodePattern},
		{"percent route bad domain", "a%x.test@", beta.CodePattern},
		{"domain no dot", "a@localhost", beta.CodePattern},
		{"domain trailing dot", "a@x.test.", beta.CodePattern},
		{"domain leading dot", "a@.x.test", beta.CodePattern},
		{"domain double dot", "a@x..test", beta.CodePattern},
		{"ipv4 literal", "a@[127.0.0.1]", beta.CodePattern},
		{"numeric tld", "a@x.123", beta.CodePattern},
		{"hyphen start label", "a@-x.test", beta.CodePattern},
		{"hyphen end label", "a@x-.test", beta.CodePattern},
		{"crlf header injection", "a@x.test\r\nBcc: v@x.test", beta.CodePattern},
		{"lf header injection", "a@x.test\nBcc: v@x.test", beta.CodePattern},
		{"cr only", "a@x.test\rX: y", beta.CodePattern},
		{"crlf in local", "a\r\nRCPT TO:<v@x.test>\r\n@x.test", beta.CodePattern},
		{"encoded crlf literal percent domain", "a@x.test%0d%0aBcc:v", beta.CodePattern},
		{"nul", "a\x00@x.test", beta.CodePattern},
		{"nel u0085", "a\u0085b@x.test", beta.CodePattern},
		{"line separator u2028", "a\u2028b@x.test", beta.CodePattern},
		{"zero width space", "a\u200bb@x.test", beta.CodePattern},
		{"bidi override", "a\u202eb@x.test", beta.CodePattern},
		{"soft hyphen local", "a\u00adb@x.test", beta.CodePattern},
		{"cyrillic local", "\u0430dmin@x.test", beta.CodePattern},
		{"fullwidth at", "a\uff20x.test", beta.CodePattern},
		{"small at", "a\ufe6bx.test", beta.CodePattern},
		{"emoji local", "\U0001f600@x.test", beta.CodePattern},
		{"combining local nfd", "e\u0301@x.test", beta.CodePattern},
		{"replacement char", "a\ufffd@x.test", beta.CodePattern},
		{"bad punycode", "a@xn--\u00e9.test", beta.CodePattern},
		{"html", "<script>alert(1)</script>@x.test", beta.CodePattern},
		{"sql", "a'); DROP TABLE testers;--@x.test", beta.CodePattern},
		{"template", "{{.Token}}@ x.test", beta.CodePattern},
		{"shell", "a`id`@x.test;id", beta.CodePattern},
		{"backslash", "a\\b@x.test", beta.CodePattern},
		{"slash domain", "a@x.test/../y", beta.CodePattern},
		{"blank", " \t ", beta.CodeLength},
		{"65 octets before the @", l(65) + "@x.test", beta.CodeLength},
		{"64 octets in a label", "a@" + l(64) + ".test", beta.CodePattern},
		{"255 octets", long(255), beta.CodeLength},
		{"254 characters of two octets", "a@" + strings.Repeat("\u00fc", 127) + ".test", beta.CodeLength},
		{"199 octets, 264 as A-labels", l(64) + "@" + strings.Repeat("\u65e5\u672c\u8a9e.", 13) + "test", beta.CodeLength},
		{"255 octets, far fewer as A-labels", l(7) + "@" + strings.Repeat(strings.Repeat("\u8a9e", 20)+".", 4) + "abc", beta.CodeLength},
		{"a label too long as A-label", "a@" + strings.Repeat("\u00fc\u00f6", 29) + ".test", beta.CodePattern},
		{"two @", "a@b@x.test", beta.CodePattern},
		{"full width @ in the domain", "a@b\uff20x.test", beta.CodePattern},
		{"no-break space behind", "a@x.test\u00a0", beta.CodePattern},
		{"line feed behind", "a@x.test\n", beta.CodePattern},
		{"bad UTF-8 in the domain", "a@\xff.test", beta.CodePattern},
		{"bad UTF-8 before the @", "\xff@x.test", beta.CodePattern},
		{"nul in the domain", "a@x\x00.test", beta.CodePattern},
		{"underscore in the domain", "a@x_y.test", beta.CodePattern},
		{"IPv6 literal", "a@[IPv6:::1]", beta.CodePattern},
		{"an address of IPv4", "a@127.0.0.1", beta.CodePattern},
		{"comment", "a(b)@x.test", beta.CodePattern},
		{"comment in the domain", "a@x.test(b)", beta.CodePattern},
		{"mixed directions", "a@\u05d0b.test", beta.CodePattern},
		{"mixed directions once it is mapped", "a@0\u2137.test", beta.CodePattern},
		{"full width dot at the end", "a@x.test\uff0e", beta.CodePattern},
		{"bidi override in the domain", "a@x\u202e.test", beta.CodePattern},
	} {
		e, err := beta.ParseEmail(c.in)
		var v beta.Violation
		if !errors.As(err, &v) || v.Code != c.code || e != (beta.Email{}) {
			t.Errorf("%s: %q: got %+v, %#v, want %s", c.name, c.in, e, err, c.code)
		}
		if err != nil && len(c.in) > 6 && strings.Contains(err.Error(), strings.TrimSpace(c.in)) {
			t.Errorf("%s: %q: the message repeats it: %s", c.name, c.in, err)
		}
	}
}

func TestSpellingsOfOneAddressShareItsKey(t *testing.T) {
	t.Parallel()
	for _, spellings := range [][]string{
		{"Anna@B\u00fccher.example", "ANNA@B\u00dcCHER.EXAMPLE", "anna@xn--bcher-kva.example", "anna@XN--bcher-KVA.example", " anna@bu\u0308cher.example "},
		{"a+Tag@x.test", "A+TAG@X.TEST"},
		{"a@x.test", "A@\uff38\uff0e\uff34\uff25\uff33\uff34"},
	} {
		for _, s := range spellings {
			if got, want := email(s).Key, email(spellings[0]).Key; got != want {
				t.Errorf("%q: got key %q, want that of %q, %q", s, got, spellings[0], want)
			}
		}
	}
	for _, pair := range [][2]string{
		{"a@x.test", "a+tag@x.test"}, {"a.b@x.test", "ab@x.test"}, {"a@x.test", "a@y.test"},
		{"h@example.test", "h@\u0435xample.test"}, {"a@strasse.test", "a@stra\u00dfe.test"},
	} {
		if email(pair[0]).Key == email(pair[1]).Key {
			t.Errorf("%q and %q share a key", pair[0], pair[1])
		}
	}
}

func TestAnAddressForTheEnvelopeAndOneForStrangers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, address, masked string }{
		{"Anna.Smith@X.Test", "Anna.Smith@x.test", "a\u2022\u2022\u2022@x.test"},
		{"a@x.test", "a@x.test", "a\u2022\u2022\u2022@x.test"},
		{"ANNA@B\u00fccher.example", "ANNA@xn--bcher-kva.example", "a\u2022\u2022\u2022@xn--bcher-kva.example"},
		{"=cmd@x.test", "=cmd@x.test", "=\u2022\u2022\u2022@x.test"},
	} {
		e := email(c.in)
		if e.Address() != c.address || e.Masked() != c.masked {
			t.Errorf("%q: got %q and %q, want %q and %q", c.in, e.Address(), e.Masked(), c.address, c.masked)
		}
	}
}

// l is n letters.
func l(n int) string { return strings.Repeat("a", n) }

// long is an address of n octets, at least 200.
func long(n int) string {
	return "a@" + strings.Repeat(l(48)+".", 4) + l(n-201) + ".ab"
}

// A domain in upper case takes the long way through IDNA, one in lower case the
// short one. Both must lead to the same place.
func TestTheShortWayThroughADomainIsIDNAs(t *testing.T) {
	t.Parallel()
	domains := []string{""}
	for at := 0; len(domains[at]) < 6; at++ {
		for _, c := range "a1-." {
			domains = append(domains, domains[at]+string(c))
		}
	}
	for _, n := range []int{62, 63, 64} {
		domains = append(domains, l(n), "a."+l(n), l(n)+".a")
	}
	for _, d := range domains {
		for _, end := range []string{".test", ".a1", ".a-b", ".xn--a", "a"} {
			short, shortErr := beta.ParseEmail("a@" + d + end)
			long, longErr := beta.ParseEmail("a@" + d + strings.ToUpper(end))
			if short.Key != long.Key || shortErr != longErr {
				t.Fatalf("%s: got %q, %v; in upper case %q, %v", d+end, short.Key, shortErr, long.Key, longErr)
			}
		}
	}
}
