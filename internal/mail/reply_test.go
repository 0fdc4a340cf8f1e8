package mail_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"tryout/internal/mail"
)

func TestAReplyIsReadAsTheRelayMeantIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]mail.Reply{
		"550 5.1.1 no such user\r\n":                {Code: 550, Enhanced: "5.1.1", Text: "no such user"},
		"550\r\n":                                   {Code: 550},
		"550 \r\n":                                  {Code: 550},
		"250 ok\n":                                  {Code: 250, Text: "ok"},
		"550 5.1.1\r\n":                             {Code: 550, Enhanced: "5.1.1"},
		"550 4.1.1 of another class\r\n":            {Code: 550, Text: "4.1.1 of another class"},
		"550 5.1 short\r\n":                         {Code: 550, Text: "5.1 short"},
		"550 5.1.1234 long\r\n":                     {Code: 550, Text: "5.1.1234 long"},
		"450-4.2.0 two\r\n450 4.2.0 lines\r\n":      {Code: 450, Enhanced: "4.2.0", Text: "two lines"},
		"450-two\r\n450 4.2.0 lines\r\n":            {Code: 450, Enhanced: "4.2.0", Text: "two lines"},
		"450-\r\n450\r\n":                           {Code: 450},
		"250 " + strings.Repeat("ä", 5000) + "\r\n": {Code: 250, Text: strings.Repeat("ä", 250)},
		"250 a" + strings.Repeat("ä", 500) + "\r\n": {Code: 250, Text: "a" + strings.Repeat("ä", 249)},
		"250 \xff\x00\u2028x\r\n":                   {Code: 250, Text: "\uFFFD x"},
	} {
		if got, err := mail.ReadReply(text); err != nil || got != want {
			t.Errorf("%.60q: got %#v, %v, want %#v", text, got, err, want)
		}
	}
}

func TestWhatIsNoReplyIsNotRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "\r\n", "25\r\n", "abc\r\n", "650 x\r\n", "150 x\r\n", "250", "250 cut", "2500 x\r\n", "250:x\r\n", "+OK\r\n", "HTTP/1.1 400 Bad\r\n",
		"250-a\r\n251 b\r\n", "250-a\r\n", "250-" + strings.Repeat("x", 40<<10) + "\r\n250 x\r\n", strings.Repeat("250-x\r\n", 1000) + "250 x\r\n",
	} {
		if got, err := mail.ReadReply(text); err == nil {
			t.Errorf("%.60q: got %#v, want an error", text, got)
		}
	}
}

func FuzzReply(f *testing.F) {
	f.Add("250-a\r\n250 b\r\n")
	f.Add("550 5.1.1 no\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := mail.ReadReply(text)
		if err != nil {
			return
		}
		if got.Code < 200 || got.Code > 599 || len(got.Text) > 500 || !utf8.ValidString(got.Text) || strings.ContainsFunc(got.Text, unicode.IsControl) {
			t.Errorf("%q: got %#v", text, got)
		}
	})
}
