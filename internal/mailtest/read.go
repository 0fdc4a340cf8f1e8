package mailtest

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/url"
	"strings"
)

// message is what the standard library reads from one.
type message struct {
	header     netmail.Header
	text, html string
}

// read takes a message apart: text and HTML in one multipart/alternative, and
// nothing else.
func read(data []byte) (m message, err error) {
	msg, err := netmail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return m, err
	}
	m.header = msg.Header
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return m, fmt.Errorf("Content-Type %q, %v", msg.Header.Get("Content-Type"), err)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	if m.text, err = nextPart(parts, "text/plain"); err != nil {
		return m, err
	}
	if m.html, err = nextPart(parts, "text/html"); err != nil {
		return m, err
	}
	if _, err := parts.NextRawPart(); err != io.EOF {
		return m, fmt.Errorf("after two parts: %v, want the end", err)
	}
	return m, nil
}

func nextPart(parts *multipart.Reader, kind string) (string, error) {
	part, err := parts.NextRawPart()
	if err != nil {
		return "", fmt.Errorf("%s: %w", kind, err)
	}
	if got := part.Header.Get("Content-Type"); got != kind+"; charset=utf-8" {
		return "", fmt.Errorf("a part of the type %q, want %s", got, kind)
	}
	if got := part.Header.Get("Content-Transfer-Encoding"); got != "quoted-printable" {
		return "", fmt.Errorf("%s in the encoding %q, want quoted-printable", kind, got)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(part))
	if err != nil || len(bytes.TrimSpace(body)) == 0 {
		return "", fmt.Errorf("%s: %d octets, %w", kind, len(body), err)
	}
	return strings.ReplaceAll(string(body), "\r\n", "\n"), nil
}

// everything is what can be read in a message at all: its fields, its text and
// its HTML, as they are and with what they hide decoded. Its Message-ID looks
// like an address and is none.
func (m message) everything() string {
	var b strings.Builder
	for name, values := range m.header {
		if name == "Message-Id" || name == "Dkim-Signature" {
			continue
		}
		for _, v := range values {
			fmt.Fprintf(&b, "%s\n%s\n", v, decoded(v))
		}
	}
	for _, s := range []string{m.text, m.html, html.UnescapeString(m.html)} {
		b.WriteString(s + "\n")
		if plain, err := url.PathUnescape(s); err == nil && plain != s {
			b.WriteString(plain + "\n")
		}
	}
	return b.String()
}

// decoded is a field's value as it is shown.
func decoded(value string) string {
	if s, err := new(mime.WordDecoder).DecodeHeader(value); err == nil {
		return s
	}
	return value
}
