package lwa

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// maxRedirect bounds a redirect URI, in octets.
const maxRedirect = 2000

// checkRedirect says what keeps uri from being registered. It is compared octet
// by octet later, so only what makes it unfit to lead anywhere is refused.
func checkRedirect(uri string) error {
	u, err := url.Parse(uri)
	switch {
	case err != nil || len(uri) > maxRedirect || strings.ContainsFunc(uri, isOddInURI):
		return fmt.Errorf("the redirect URI %q is not a URI of at most %d octets of ASCII", uri, maxRedirect)
	case strings.Contains(uri, "#") || u.User != nil:
		return fmt.Errorf("the redirect URI %q must have no fragment and no user", uri)
	case u.Scheme == "https" && u.Hostname() != "", u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	case strings.Contains(u.Scheme, ".") && u.Host == "" && strings.HasPrefix(u.Path, "/"): // an app's own (RFC 8252, 7.1)
		return nil
	}
	return fmt.Errorf("the redirect URI %q must begin with https://, with http:// and this machine, or with an app's own scheme such as com.example.app:/", uri)
}

// isOddInURI tells what stands in no URI, but browsers repair.
func isOddInURI(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune("\\\"<>^`{|}*", r)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// pair is a parameter of a redirect.
type pair struct{ name, value string }

// redirectTo returns uri with parameters put first: ask-cli looks for "code" or
// "error" right behind the question mark. Those without a value are left out.
func redirectTo(uri string, parameters ...pair) string {
	base, query, _ := strings.Cut(uri, "?")
	var list []string
	for _, p := range parameters {
		if p.value != "" {
			list = append(list, p.name+"="+url.QueryEscape(p.value))
		}
	}
	if query != "" {
		list = append(list, query)
	}
	return base + "?" + strings.Join(list, "&")
}

// formTarget names where uri leads in a Content-Security-Policy: a browser
// holds the redirect that follows a form against it. An IPv6 address has no
// form there and stands for its scheme.
func formTarget(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	if u.Host == "" || strings.ContainsAny(u.Host, "[];,'") {
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}
