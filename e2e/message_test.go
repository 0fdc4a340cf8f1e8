package e2e_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"testing"
)

// message is a mail as its reader sees it.
type message struct {
	to         string // of the envelope
	subject    string
	text       string // the plain text part, decoded
	everything string // the header and all parts, decoded: where anything can be read at all
}

var linkPattern = regexp.MustCompile(`https?://[^\s<>"]+`)

// link returns the first link of the text part, which has to lead to the site.
func (m message) link(t *testing.T, site string) string {
	t.Helper()
	link := linkPattern.FindString(m.text)
	if !strings.HasPrefix(link, site+"/") {
		t.Fatalf("the first link in the message %q to %s is %q, want one below %s; the text is:\n%s", m.subject, m.to, link, site, m.text)
	}
	return link
}

// parseMessage fails if the message is not well formed or has no plain text.
func parseMessage(raw []byte) (message, error) {
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return message{}, err
	}
	header, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	m := message{everything: string(header)}
	if m.subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject")); err != nil {
		return message{}, err
	}
	if err := m.readPart(parsed.Header.Get, parsed.Body); err != nil {
		return message{}, err
	}
	if m.text == "" {
		return message{}, fmt.Errorf("no text/plain part")
	}
	return m, nil
}

// readPart adds a part, and all parts within it, to the message.
func (m *message) readPart(header func(string) string, body io.Reader) error {
	mediaType, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil {
		return err
	}
	if strings.HasPrefix(mediaType, "multipart/") {
		return m.readParts(multipart.NewReader(body, params["boundary"]))
	}
	content, err := io.ReadAll(decodeTransfer(header("Content-Transfer-Encoding"), body))
	if err != nil {
		return err
	}
	m.everything += "\n" + string(content)
	if mediaType == "text/plain" {
		m.text = string(content)
	}
	return nil
}

func (m *message) readParts(parts *multipart.Reader) error {
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := m.readPart(part.Header.Get, part); err != nil {
			return err
		}
	}
}

func decodeTransfer(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	}
	return body
}
