package signin

import (
	"net"
	"net/http"
	"net/url"
	"time"
)

// The cookies, without their prefix.
const (
	askCookie     = "tryout-ask"
	awayCookie    = "tryout-away"
	sessionCookie = "tryout-session"
)

// cookies are set and read in one of three ways, told by the public URL. Over
// HTTPS they are Secure and __Host-: only this very host can have set them. Over
// plain HTTP a browser would drop those, so on this machine alone, where nobody
// listens on the line, they are plain; anywhere else nobody signs in.
type cookies struct {
	prefix string
	secure bool
	none   bool
}

func cookiesAt(u *url.URL) cookies {
	ip := net.ParseIP(u.Hostname())
	switch {
	case u.Scheme == "https":
		return cookies{prefix: "__Host-", secure: true}
	case u.Hostname() == "localhost", ip != nil && ip.IsLoopback():
		return cookies{}
	}
	return cookies{none: true}
}

// read returns a cookie's value, if it is one of ours by its form. One that is
// there twice is none: a neighbour may have set the other.
func (c cookies) read(r *http.Request, name string) (secret string, held bool) {
	list := r.CookiesNamed(c.prefix + name)
	if len(list) != 1 || len(list[0].Value) != secretLength || c.none {
		return "", false
	}
	return list[0].Value, true
}

func (c cookies) set(w http.ResponseWriter, name, value string, life time.Duration) {
	http.SetCookie(w, c.cookie(name, value, int(life.Seconds())))
}

func (c cookies) drop(w http.ResponseWriter, name string) {
	http.SetCookie(w, c.cookie(name, "", -1))
}

// cookie is Lax, not Strict: people come from their mail, and from programs.
func (c cookies) cookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: c.prefix + name, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode,
	}
}
