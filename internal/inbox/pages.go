package inbox

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Path is where the pages lie: mount an Inbox there.
const Path = "/inbox/"

// What a page may load (Content Security Policy). A mail may bring its own
// inline styles and nothing else; it runs no scripts, sends no forms, and opens
// links only when they are clicked.
const (
	pageCSP = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	mailCSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)

//go:embed pages
var files embed.FS

// ServeHTTP serves the pages below [Path].
func (i *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", pageCSP)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer") // links in mail are personal
	h.Set("X-Content-Type-Options", "nosniff")
	i.pages.ServeHTTP(w, r)
}

// routes is every page.
func (i *Inbox) routes() http.Handler {
	p := pages{i, template.Must(template.New("").Funcs(template.FuncMap{"pieces": pieces, "address": address}).ParseFS(files, "pages/*.html"))}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path+"{$}", p.list)
	mux.HandleFunc("GET "+Path+"inbox.css", asset)
	mux.HandleFunc("GET "+Path+"inbox.js", asset)
	mux.HandleFunc("GET "+Path+"{id}", p.with(p.message))
	mux.HandleFunc("GET "+Path+"{id}/html", p.with(document))
	mux.HandleFunc("GET "+Path+"{id}/source", p.with(source))
	return mux
}

// pages are the inbox as one sees it.
type pages struct {
	inbox     *Inbox
	templates *template.Template
}

// list shows all messages, the newest first.
func (p pages) list(w http.ResponseWriter, _ *http.Request) {
	messages := p.inbox.Messages()
	slices.Reverse(messages)
	p.show(w, "list.html", messages)
}

// message shows one.
func (p pages) message(w http.ResponseWriter, _ *http.Request, m Received) {
	p.show(w, "message.html", m)
}

// with finds the message that a request is about.
func (p pages) with(show func(http.ResponseWriter, *http.Request, Received)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, err := strconv.Atoi(r.PathValue("id"))
		m, found := p.inbox.find(id)
		if err != nil || !found {
			w.WriteHeader(http.StatusNotFound)
			p.show(w, "missing.html", nil)
			return
		}
		show(w, r, m)
	}
}

// show renders a page in memory first, so that a fault in a template is not
// half a page.
func (p pages) show(w http.ResponseWriter, name string, data any) {
	var b bytes.Buffer
	if err := p.templates.ExecuteTemplate(&b, name, data); err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write(b.Bytes())
}

// document is a message's HTML part, as its own document in its own sandbox.
func document(w http.ResponseWriter, _ *http.Request, m Received) {
	w.Header().Set("Content-Security-Policy", mailCSP)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte(withBase(m.HTML)))
}

// source is a message as it was received.
func source(w http.ResponseWriter, _ *http.Request, m Received) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write(m.Data)
}

// asset is the stylesheet or the script.
func asset(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "pages/"+strings.TrimPrefix(r.URL.Path, Path))
}
