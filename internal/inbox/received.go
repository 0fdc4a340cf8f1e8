package inbox

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"time"
)

// maxDepth is how deep parts may lie in parts.
const maxDepth = 8

// Received is one message as it came.
type Received struct {
	ID     int            // counts up from 1
	From   string         // envelope sender
	To     []string       // envelope recipients
	At     time.Time      // when it came
	Data   []byte         // header and body as received; not to be changed
	Header netmail.Header // nil where the message has no header that can be read

	Subject string // decoded
	Text    string // the first text/plain part, or empty
	HTML    string // the first text/html part, or empty
}

// octets is what a message takes in memory, nearly.
func (m Received) octets() int { return len(m.Data) + len(m.Text) + len(m.HTML) }

// read takes a message apart. What cannot be read is left empty: the source is
// always there.
func read(data []byte) Received {
	m := Received{Data: data}
	msg, err := netmail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		m.Text = strings.ToValidUTF8(string(data), "\uFFFD")
		return m
	}
	m.Header = msg.Header
	m.Subject = decode(msg.Header.Get("Subject"))
	m.readPart(msg.Header.Get, msg.Body, maxDepth)
	return m
}

// readPart takes the first text and the first HTML from a part and the parts
// in it.
func (m *Received) readPart(header func(string) string, body io.Reader, depth int) {
	kind, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil {
		kind = "text/plain" // RFC 2045, 5.2
	}
	switch {
	case strings.HasPrefix(kind, "multipart/") && depth > 0:
		parts := multipart.NewReader(body, params["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err != nil {
				return
			}
			m.readPart(part.Header.Get, part, depth-1)
		}
	case kind == "text/plain" && m.Text == "":
		m.Text = content(header, params["charset"], body)
	case kind == "text/html" && m.HTML == "":
		m.HTML = content(header, params["charset"], body)
	}
}

// content undoes a part's transfer encoding and character set; what is damaged
// ends where the damage begins.
func content(header func(string) string, charset string, body io.Reader) string {
	switch strings.ToLower(header("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	octets, _ := io.ReadAll(body)
	text := string(octets)
	if strings.EqualFold(charset, "iso-8859-1") {
		text = latin1(octets)
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.ReplaceAll(text, "\r\n", "\n")
}

func latin1(octets []byte) string {
	runes := make([]rune, len(octets))
	for i, o := range octets {
		runes[i] = rune(o)
	}
	return string(runes)
}

// decode reads encoded-words (RFC 2047); a value that holds a broken one stays
// as it is.
func decode(value string) string {
	var words mime.WordDecoder
	if text, err := words.DecodeHeader(value); err == nil {
		value = text
	}
	return strings.ToValidUTF8(value, "\uFFFD")
}
