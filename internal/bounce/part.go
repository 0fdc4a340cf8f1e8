package bounce

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"strings"
)

// parts are what a returned message has in it that tells something.
type parts struct {
	header   fields   // of the message itself
	status   []fields // groups of message/delivery-status, in their order
	feedback fields   // of message/feedback-report
	returned fields   // the header of our message
	text     string   // the first text/plain
	reports  bool     // whether there was a delivery-status, readable or not
}

// add takes from a part, and the parts in it, what tells something.
//
// This is not mime/multipart because it must read what that refuses: one line
// that is no field, mixed line ends, a boundary that never ends. It copies
// nothing but what it decodes.
func (p *parts) add(header fields, body string, depth int) {
	kind, boundary := mediaType(header.get("content-type"))
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		if depth > 0 && boundary != "" {
			for _, part := range split(body, boundary) {
				h, b := readFields(part)
				p.add(h, b, depth-1)
			}
		}
	case kind == "message/delivery-status", kind == "message/global-delivery-status":
		p.reports = true
		p.status = append(p.status, readGroups(decode(header, body))...)
	case kind == "message/feedback-report":
		p.feedback, _ = readFields(strings.TrimLeft(decode(header, body), "\n"))
	case isReturned(kind):
		if p.returned == nil {
			p.returned, _ = readFields(strings.TrimLeft(decode(header, body), "\n"))
		}
	case kind == "text/plain" && p.text == "":
		p.text = decode(header, body)
	}
}

// isReturned reports whether a part is our message or its header. Nothing in it
// is read as a report: whoever got it may have written it.
func isReturned(kind string) bool {
	switch kind {
	case "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers":
		return true
	}
	return false
}

// mediaType reads a Content-Type, which is text/plain where there is none (RFC
// 2045, 5.2).
func mediaType(s string) (kind, boundary string) {
	kind, params, err := mime.ParseMediaType(s)
	if kind == "" {
		first, _, _ := strings.Cut(s, ";")
		kind = strings.ToLower(strings.TrimSpace(first))
	}
	if kind == "" {
		kind = "text/plain"
	}
	boundary = params["boundary"]
	if err != nil { // some other parameter is wrong
		_, after, _ := strings.Cut(s, "boundary=")
		boundary, _, _ = strings.Cut(strings.TrimPrefix(after, `"`), `"`)
		boundary, _, _ = strings.Cut(boundary, ";")
	}
	return kind, strings.TrimRight(boundary, " \t")
}

// split returns the parts between the lines that begin with the boundary. What
// stands before the first and after the closing one is not a part; the last may
// lack its end.
func split(body, boundary string) []string {
	delimiter := "--" + boundary
	var found []string
	start := -1
	for at := 0; at < len(body) && len(found) < maxParts; {
		end := at + strings.IndexByte(body[at:], '\n') + 1
		if end == at {
			end = len(body)
		}
		if rest, is := strings.CutPrefix(strings.TrimRight(body[at:end], " \t\n"), delimiter); is && (rest == "" || rest == "--") {
			if start >= 0 {
				found = append(found, body[start:at])
			}
			if start = end; rest == "--" {
				return found
			}
		}
		at = end
	}
	if start >= 0 && len(found) < maxParts {
		found = append(found, body[start:])
	}
	return found
}

// decode undoes a part's transfer encoding; what is damaged ends where the
// damage begins.
func decode(header fields, body string) string {
	var r io.Reader = strings.NewReader(body)
	switch strings.ToLower(header.get("content-transfer-encoding")) {
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	default:
		return body
	}
	text, _ := io.ReadAll(r)
	return unix(string(text))
}

// unix ends all lines alike: with LF, CRLF and CR being the same.
func unix(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}
