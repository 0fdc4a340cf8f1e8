package mail_test

import (
	"bytes"
	"mime/quotedprintable"
	"strings"
	"testing"

	"tryout/internal/mail"
)

// byLibrary is text in quoted-printable as the library has it, which is given LF
// for every end of a line: it can lose one behind a CR alone.
func byLibrary(text string) string {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	strings.NewReplacer("\r\n", "\n", "\r", "\n").WriteString(w, text)
	w.Close()
	return b.String()
}

// Around the end of a line of 75 octets every octet is tried, before and after
// others that need room, with and without an end.
func TestQuotedPrintableBreaksLinesAsTheLibraryDoes(t *testing.T) {
	t.Parallel()
	for length := 70; length < 78; length++ {
		begin := strings.Repeat("x", length)
		for c := range 256 {
			for _, next := range []string{"", "\n", "\r", "\r\n", " ", " \n", "=", "ä\n", "x", "xxxxxxx\t"} {
				text := begin + string([]byte{byte(c)}) + next
				if got, want := mail.Quoted(text), byLibrary(text); got != want {
					t.Fatalf("%q: got %q, want %q", text, got, want)
				}
			}
		}
	}
}

func FuzzQuotedPrintableIsTheLibrarys(f *testing.F) {
	for _, text := range []string{"", " ", "\r", "\n\r", "a \n", "\t\r\n b", "=", "é\x00\xff", strings.Repeat("ab =", 50), strings.Repeat("ä", 80)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := mail.Quoted(text), byLibrary(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	})
}
