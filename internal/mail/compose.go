package mail

import (
	netmail "net/mail"
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

// compose appends the text and the HTML to a header that is not yet ended
// (RFC 2046, 5.1.4). The key makes the boundary: it is a MailID with a time,
// letters, digits and dots, and never more than 68. The boundary cannot occur in
// a part, because "=_" cannot occur in quoted-printable.
func compose(out []byte, key string, d draft) []byte {
	boundary := "=_" + key
	out = appendAll(out, "MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary=\"", boundary, "\"\r\n")
	out = appendPart(out, boundary, "text/plain", d.text)
	out = appendPart(out, boundary, "text/html", d.html)
	return appendAll(out, "\r\n--", boundary, "--\r\n")
}

func appendPart(out []byte, boundary, kind, body string) []byte {
	out = appendAll(out, "\r\n--", boundary, "\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: ", kind, "; charset=utf-8\r\n\r\n")
	return appendQuoted(out, body)
}

// appendField appends a field of a header; its value may come in pieces.
func appendField(out []byte, name string, value ...string) []byte {
	return append(appendAll(appendAll(out, name, ": "), value...), '\r', '\n')
}

func appendAll(out []byte, pieces ...string) []byte {
	for _, piece := range pieces {
		out = append(out, piece...)
	}
	return out
}

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
	return encodedWords(a.Name) + "\r\n <" + a.Address + ">"
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
		b.Write([]byte{'=', upperHex[octet>>4], upperHex[octet&15]})
	}
	return b.String()
}
