package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed html static
var files embed.FS

// sheets are the pages by name, each joined with the layout and ready to write.
type sheets map[string]*template.Template

func newSheets(assets map[string]asset) sheets {
	all := sheets{}
	layout := template.Must(template.New("layout.html").Funcs(template.FuncMap{
		"static":  func(name string) string { return assets[name].address },
		"moment":  func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04\u00a0MST") },
		"ratings": func() []string { return []string{"1", "2", "3", "4", "5"} },
		"machine": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	}).ParseFS(files, "html/layout.html"))
	entries, err := files.ReadDir("html")
	if err != nil {
		panic(err) // embedded in the program: it is there
	}
	for _, e := range entries {
		if e.Name() != layout.Name() {
			page := template.Must(layout.Clone())
			template.Must(page.ParseFS(files, path.Join("html", e.Name())))
			all[strings.TrimSuffix(e.Name(), ".html")] = page
		}
	}
	return all
}

// show writes a page, whole or not at all: what fails halfway is an error, and
// the person gets the page of a failure instead of half of another.
func (h *Handler) show(w http.ResponseWriter, status int, sheet string, data any) error {
	var page bytes.Buffer
	if err := h.sheets[sheet].Execute(&page, data); err != nil {
		return fmt.Errorf("write page %s: %w", sheet, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(page.Len()))
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // it fails when the reader went away, and then nobody wants it
	return nil
}
