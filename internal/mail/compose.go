package mail

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"unicode/utf8"
)

// Limits of a line without its CRLF: what RFC 5322, 2.1.1 demands and
// recommends, and the most an encoded-word may have (RFC 2047, 2).
const (
	maxLine  = 998
	niceLine = 78
	maxWord  = 75
)

// header is the fields of a message in their order.
type header []field

type field struct{ name, value string }

// compose puts header, text and HTML together (RFC 2046, 5.1.4). The key makes
// the boundary; the boundary cannot occur in a part, because "=_" cannot occur
// in quoted-printable.
func compose(h header, key string, d draft) []byte {
	var b bytes.Buffer
	b.Grow(1024 + 5*(len(d.text)+len(d.html))/4) // as much as most need
	parts := multipart.NewWriter(&b)
	if err := parts.SetBoundary("=_" + key); err != nil {
		panic(fmt.Sprintf("mail: boundary from %q: %v", key, err)) // a MailID is letters, digits and dots
	}
	for _, f := range h {
		fmt.Fprintf(&b, "%s: %s\r\n", f.name, f.value)
	}
	fmt.Fprintf(&b, "MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary=%q\r\n\r\n", parts.Boundary())
	addPart(parts, "text/plain", d.text)
	addPart(parts, "text/html", d.html)
	parts.Close()
	return b.Bytes()
}

// addPart appends one part. Nothing here can fail: it is all written to memory.
func addPart(parts *multipart.Writer, kind, body string) {
	w, _ := parts.CreatePart(textproto.MIMEHeader{
		"Content-Type":              {kind + "; charset=utf-8"},
		"Content-Transfer-Encoding": {"quoted-printable"},
	})
	qp := quotedprintable.NewWriter(w) // turns the templates' LF into CRLF
	qp.Write([]byte(body))
	qp.Close()
}

// angle puts an address or id in angle brackets.
func angle(s string) string { return "<" + s + ">" }

// encode returns a clean line as the value of an unstructured field: as it
// stands where it is short plain ASCII, else in encoded-words (RFC 2047). What
// only looks like an encoded-word is encoded too, so that it is shown as given.
func encode(s string) string {
	if isPlain(s) && len("Subject: ")+len(s) <= niceLine {
		return s
	}
	return encodedWords(s)
}

// mailbox returns an address with a clean name as the value of From. A name
// that is more than plain ASCII is put in encoded-words of our own: those of
// net/mail may hold a backslash, at which other parsers give up.
func mailbox(a netmail.Address) string {
	if isPlain(a.Name) {
		return a.String()
	}
	return encodedWords(a.Name) + "\r\n " + angle(a.Address)
}

// isPlain reports whether a line is printable ASCII in which nothing looks like
// an encoded-word.
func isPlain(s string) bool {
	return !strings.Contains(s, "=?") && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f })
}

// encodedWords is s in encoded-words, a line each.
func encodedWords(s string) string {
	var words []string
	word := strings.Builder{}
	for _, r := range s {
		q := encodeRune(r)
		if word.Len()+len(q)+len("?=") > maxWord-len("Subject: ") {
			words = append(words, word.String()+"?=")
			word.Reset()
		}
		if word.Len() == 0 {
			word.WriteString("=?utf-8?q?")
		}
		word.WriteString(q)
	}
	return strings.Join(append(words, word.String()+"?="), "\r\n ")
}

// encodeRune is the Q encoding of one rune (RFC 2047, 4.2), in the alphabet
// that is safe everywhere in a header (5 (3)).
func encodeRune(r rune) string {
	switch {
	case r == ' ':
		return "_"
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return string(r)
	}
	var b strings.Builder
	for _, octet := range utf8.AppendRune(nil, r) {
		fmt.Fprintf(&b, "=%02X", octet)
	}
	return b.String()
}
