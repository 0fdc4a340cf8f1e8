package mail

import "strings"

// quotedLine is how many octets a line of quoted-printable may have before the
// "=" that breaks it (RFC 2045, 6.7 (5)).
const quotedLine = 75

// newlines makes every end of a line an LF.
var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// appendQuoted appends text in quoted-printable (RFC 2045, 6.7), the ends of its
// lines, whatever they are, as CRLF: octet for octet what mime/quotedprintable
// makes of LF.
func appendQuoted(out []byte, text string) []byte {
	if strings.Contains(text, "\r") {
		text = newlines.Replace(text)
	}
	for line := range strings.Lines(text) {
		line, ended := strings.CutSuffix(line, "\n")
		out = appendQuotedLine(out, line)
		if ended {
			out = append(out, '\r', '\n')
		}
	}
	return out
}

func appendQuotedLine(out []byte, line string) []byte {
	for room := quotedLine; line != ""; {
		n := plainOctets(line[:min(room, len(line))])
		if n > 0 && n == len(line) && isBlank(line[n-1]) {
			n-- // white space that ends a line is encoded
		}
		out, line, room = append(out, line[:n]...), line[n:], room-n
		if line == "" {
			return out
		}
		encoded := !isPlainOctet[line[0]] || len(line) == 1 && isBlank(line[0])
		if room == 0 || encoded && room < len("=00") {
			out, room = append(out, "=\r\n"...), quotedLine
		}
		if encoded {
			out = append(out, '=', upperHex[line[0]>>4], upperHex[line[0]&15])
			line, room = line[1:], room-len("=00")
		}
	}
	return out
}

const upperHex = "0123456789ABCDEF"

// isPlainOctet tells which octets may stand for themselves inside of a line.
var isPlainOctet = func() (plain [256]bool) {
	for c := '!'; c <= '~'; c++ {
		plain[c] = c != '='
	}
	plain[' '], plain['\t'] = true, true
	return plain
}()

// plainOctets returns how many octets s begins with that may stand for themselves.
func plainOctets(s string) int {
	for i := range len(s) {
		if !isPlainOctet[s[i]] {
			return i
		}
	}
	return len(s)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
