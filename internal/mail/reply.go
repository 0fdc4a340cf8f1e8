package mail

import (
	"bufio"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Reply is a relay's answer (RFC 5321, 4.2).
type Reply struct {
	Relay    string // host:port of the relay
	Code     int    // 200 to 599; zero where there was no answer
	Enhanced string // the enhanced status code such as "5.1.1" (RFC 3463), or empty
	Text     string // the rest on one line, valid UTF-8, at most 500 octets
}

// String returns the reply as it came, on one line.
func (r Reply) String() string {
	return strings.TrimSpace(strings.Join(strings.Fields(fmt.Sprintf("%d %s %s", r.Code, r.Enhanced, r.Text)), " "))
}

// Bounds of a reply. RFC 5321 allows 512 octets for a line; relays that
// explain themselves send more.
const (
	maxReplyLine  = 32 << 10
	maxReplyLines = 128
	maxReplyText  = 500
)

// errMalformed means that the relay said something that is not SMTP.
var errMalformed = errors.New("the answer is not SMTP")

// readReply reads one reply, of several lines or one, and returns it with its
// lines as they came after the code.
func readReply(r *bufio.Reader) (Reply, []string, error) {
	var reply Reply
	var lines []string
	for range maxReplyLines {
		code, more, text, err := readReplyLine(r)
		if err != nil {
			return Reply{}, nil, err
		}
		if reply.Code != 0 && code != reply.Code {
			return Reply{}, nil, errMalformed
		}
		reply.Code, lines = code, append(lines, text)
		if !more {
			reply.Enhanced, reply.Text = replyText(code, lines)
			return reply, lines, nil
		}
	}
	return Reply{}, nil, errMalformed
}

// readReplyLine reads "250-text" (more is true) or "250 text" or "250".
func readReplyLine(r *bufio.Reader) (code int, more bool, text string, err error) {
	line, err := readLine(r)
	switch {
	case err != nil:
		return 0, false, "", err
	case len(line) < 3 || line[0] < '2' || line[0] > '5' || !digit(line[1]) || !digit(line[2]):
		return 0, false, "", errMalformed
	}
	code = int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
	switch {
	case len(line) == 3:
		return code, false, "", nil
	case line[3] == ' ', line[3] == '-':
		return code, line[3] == '-', line[4:], nil
	}
	return 0, false, "", errMalformed
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// readLine reads up to LF and drops it and a CR before it.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if line == nil && err == nil {
			line = part // as it lies in the buffer; most do
		} else {
			line = append(line, part...)
		}
		switch {
		case len(line) > maxReplyLine:
			return "", errMalformed
		case err == nil:
			return strings.TrimSuffix(string(line[:len(line)-1]), "\r"), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", err
		}
	}
}

// replyText takes the enhanced code from the lines (RFC 2034 puts it on each)
// and makes one line of what remains.
func replyText(code int, lines []string) (enhanced, text string) {
	var rest []string
	for _, line := range lines {
		status, after, _ := strings.Cut(line, " ")
		if isEnhanced(code, status) {
			enhanced, line = status, after
		}
		rest = append(rest, line)
	}
	return enhanced, cut(printable(strings.Join(rest, " ")), maxReplyText)
}

// isEnhanced reports whether s is class.subject.detail of the code's class
// (RFC 3463, 2).
func isEnhanced(code int, s string) bool {
	class, rest, _ := strings.Cut(s, ".")
	subject, detail, _ := strings.Cut(rest, ".")
	return class == strconv.Itoa(code/100) && isPart(subject) && isPart(detail)
}

// isPart reports whether s is one to three digits.
func isPart(s string) bool {
	return 1 <= len(s) && len(s) <= 3 && strings.Trim(s, "0123456789") == ""
}

// printable makes text valid UTF-8 on one line without control characters.
func printable(s string) string {
	if isClean(s) {
		return s
	}
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp)
	}), " ")
}

// cut shortens s to at most n octets, between two runes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
