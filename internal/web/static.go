package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"path"
	"time"

	"tryout/internal/beta"
)

// asset is a file that pages load.
type asset struct {
	content []byte
	version string // changes with the content
	address string // names the version, so that it can be kept for good
}

func newAssets() map[string]asset {
	entries, err := files.ReadDir("static")
	if err != nil {
		panic(err) // embedded in the program: it is there
	}
	assets := map[string]asset{}
	for _, e := range entries {
		content, err := files.ReadFile(path.Join("static", e.Name()))
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(content)
		version := hex.EncodeToString(sum[:8])
		assets[e.Name()] = asset{content, version, "/static/" + e.Name() + "?v=" + version}
	}
	return assets
}

// static serves a file. The version stands in the query and not in the path,
// because while several nodes are upgraded one may be asked for the version of
// another: its own will do then, but must not be kept.
func (h *Handler) static(w http.ResponseWriter, r *http.Request, name string) error {
	a, ok := h.assets[name]
	if !ok {
		return refusal(beta.NotFound)
	}
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == a.version {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("ETag", `"`+a.version+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(a.content))
	return nil
}
