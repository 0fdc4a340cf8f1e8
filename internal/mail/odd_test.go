package mail_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"tryout/internal/mail"
)

// forms are the ways in which a relay may dress a refusal, with C for its code
// and c for the code's first digit, and what is to be kept of it.
var forms = map[string]struct{ said, enhanced, text string }{
	"bare":                         {"C", "", ""},
	"no enhanced code":             {"C not today", "", "not today"},
	"enhanced code of another":     {"C 2.0.0 not today", "", "2.0.0 not today"},
	"no text":                      {"C c.7.1", "c.7.1", ""},
	"several lines":                {"C-c.7.1 not\r\nC-c.7.1\r\nC c.7.1 today", "c.7.1", "not today"},
	"enhanced code on one of many": {"C-not\r\nC c.7.1 today", "c.7.1", "not today"},
	"LF alone":                     {"C-c.7.1 not\nC c.7.1 today", "c.7.1", "not today"},
	"a line of 10 KiB":             {"C c.7.1 " + strings.Repeat("x", 10<<10), "c.7.1", strings.Repeat("x", 500)},
	"100 lines":                    {strings.Repeat("C-c.7.1 line\r\n", 99) + "C c.7.1 line", "c.7.1", strings.Repeat("line ", 100)[:499]},
	"not UTF-8":                    {"C c.7.1 Zo\xeb \xff\xfe\x00\x1b[2Jsays \xe2\x80\xa8no", "c.7.1", "Zo\uFFFD \uFFFD [2Jsays no"},
	"10 KiB that are not UTF-8":    {"C c.7.1 " + strings.Repeat("ä\xff", 10<<10/3), "c.7.1", strings.Repeat("ä\uFFFD", 100)},
}

// noise is what is no answer at all.
var noise = []string{
	" ", "45", "4510 not today", "451:not today", "451_not today", "OK", "+OK", "HTTP/1.1 400 Bad Request", "\xff\xfe\x00\x01", "099 no", "600 no", "-51 no",
	"451-4.3.0 not\r\n550 5.3.0 today",
	"451-4.3.0 not\r\ntoday",
	"451 " + strings.Repeat("x", 40<<10),
	strings.Repeat("451-4.3.0 line\r\n", 200) + "451 4.3.0 line",
}

// remains are what is heard of an answer before the connection ends.
var remains = []string{
	cut, "4" + torn, "451" + torn, "250 2.0.0 fi" + torn, "550 5.1.1 no such us" + torn, "451-4.3.0 not\r\n451 4.3.0 tod" + torn,
	"250-2.0.0 fine\r\n" + torn, "550 5.1.1 " + strings.Repeat("\xff", 10<<10) + torn,
}

func TestAnOddAnswerAtEveryStepIsReadOrLeft(t *testing.T) {
	t.Parallel()
	for _, row := range matrix {
		for _, extension := range []string{"PIPELINING", "8BITMIME"} {
			t.Run(row.step+"/"+extension, func(t *testing.T) {
				t.Parallel()
				r := newOnce(t, row.step, extension)
				synctest.Test(t, func(t *testing.T) {
					for _, form := range forms {
						for _, code := range []int{421, 451, 500, 535, 554} {
							dress := strings.NewReplacer("C", fmt.Sprint(code), "c", fmt.Sprint(code/100)).Replace
							kept := mail.Reply{Code: code, Enhanced: dress(form.enhanced), Text: form.text}
							r.check(t, row.class(code), dress(form.said), kept, row.conns(code))
						}
					}
					r.checkNone(t, row.garbled, noise)
					r.checkNone(t, row.gone, remains)
				})
			})
		}
	}
}

// checkNone is check for what is no answer: nothing is kept of it, and the
// connection is left.
func (o *once) checkNone(t testing.TB, want mail.Outcome, said []string) {
	t.Helper()
	conns := 2
	if o.at == "QUIT" {
		conns = 1
	}
	for _, s := range said {
		o.check(t, want, s, mail.Reply{}, conns)
	}
}
