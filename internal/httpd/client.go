package httpd

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// client is the address of who sent r, for the log. That of a connection's peer is known already.
func (e *Edge) client(r *http.Request, c *conn) string {
	if c != nil && len(e.trusted) == 0 {
		return c.client
	}
	return addrText(clientAddr(r, e.trusted))
}

// clientAddr returns who sent r, for the log: the peer, or, if that is a trusted
// proxy, the right-most address of X-Forwarded-For that is not one. What lies
// left of it the client could have written itself. An entry that is no address
// ends the walk at the last one that was.
func clientAddr(r *http.Request, trusted []netip.Prefix) netip.Addr {
	addr := parseAddr(r.RemoteAddr)
	if len(trusted) == 0 {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !isTrusted(addr, trusted) {
			break
		}
		before := parseAddr(strings.TrimSpace(hop))
		if !before.IsValid() {
			break
		}
		addr = before
	}
	return addr
}

func isTrusted(addr netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// parseAddr reads an address with or without a port; the zero Addr means neither.
// The zone of an IPv6 address is dropped: it may be any text.
func parseAddr(s string) netip.Addr {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// addrText is addr for the log, "" if there is none.
func addrText(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}
