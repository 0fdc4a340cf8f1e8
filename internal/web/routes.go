package web

import (
	"net/http"
	"slices"
	"strings"
)

// endpoint is one thing that the pages can be asked for.
type endpoint struct {
	method string // GET answers HEAD too
	path   string // with at most one {name}
	serve  func(w http.ResponseWriter, r *http.Request, name string) error
	post   func(w http.ResponseWriter, r *http.Request, name string) error // where the path of a GET takes a POST too
}

// endpoints lists everything that is served.
func (h *Handler) endpoints() []endpoint {
	return []endpoint{
		{http.MethodGet, "/", h.start, nil},
		{http.MethodGet, "/i/{link}", h.invitation, nil},
		{http.MethodPost, "/i/{link}/accept", h.accept, nil},
		{http.MethodPost, "/i/{link}/decline", h.decline, nil},
		{http.MethodGet, "/u/{link}", h.subscription, h.unsubscribe}, // one address for both: RFC 8058
		{http.MethodPost, "/u/{link}/again", h.subscribe, nil},
		{http.MethodPost, "/u/{link}/leave", h.leave, nil},
		{http.MethodGet, "/f/{link}", h.feedback, nil},
		{http.MethodPost, "/f/{link}/send", h.send, nil},
		{http.MethodPost, "/f/{link}/reason", h.sendReason, nil},
		{http.MethodGet, "/f/{link}/thanks", h.thanks, nil},
		{http.MethodGet, "/test/{id}", h.test, nil},
		{http.MethodGet, "/static/{file}", h.static, nil},
	}
}

// Routes are everything that is served, as "METHOD /path", for tests that walk them.
func Routes() (list []string) {
	for _, e := range (&Handler{}).endpoints() {
		list = append(list, e.method+" "+e.path)
		if e.post != nil {
			list = append(list, http.MethodPost+" "+e.path)
		}
	}
	return list
}

// Owns reports whether path is a page's, so that people get a page there even
// when their link was cut short; an unescaped path is meant. Everything else
// belongs to machines, which want JSON.
func (h *Handler) Owns(path string) bool {
	if path == "/" {
		return true
	}
	section, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return slices.Contains([]string{"i", "f", "u", "test", "static"}, section)
}

// find returns what is served at path and the name that stands in it. There is
// no cleaning and no redirect: a path is right or it leads nowhere.
func (h *Handler) find(path string) (e endpoint, name string, found bool) {
	for _, e := range h.endpoints() {
		if name, ok := match(e.path, path); ok {
			return e, name, true
		}
	}
	return endpoint{}, "", false
}

// match reports whether path fits pattern, and returns what stands for its {name}.
func match(pattern, path string) (name string, ok bool) {
	before, rest, named := strings.Cut(pattern, "{")
	if !named {
		return "", path == pattern
	}
	_, after, _ := strings.Cut(rest, "}")
	if !strings.HasPrefix(path, before) || !strings.HasSuffix(path[len(before):], after) {
		return "", false
	}
	name = strings.TrimSuffix(path[len(before):], after)
	return name, name != "" && !strings.Contains(name, "/")
}

func (e endpoint) allows(method string) bool {
	return method == e.method || method == http.MethodHead && e.method == http.MethodGet ||
		method == http.MethodPost && e.post != nil
}

// allow is the value of the Allow header.
func (e endpoint) allow() string {
	switch {
	case e.post != nil:
		return "GET, HEAD, POST"
	case e.method == http.MethodGet:
		return "GET, HEAD"
	}
	return e.method
}
