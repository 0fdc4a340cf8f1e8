package mail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"tryout/internal/beta"
)

// english is what a letter is written in where nobody chose or nothing else is there.
const english beta.Language = "en"

// language is what a language brings beside its templates: the file
// language.json in its folder.
type language struct {
	Tag       beta.Language `json:"-"`
	Direction string        `json:"direction"` // ltr or rtl
	Date      string        `json:"date"`      // made of $weekday, $day, $month, $year and $time
	Weekdays  []string      `json:"weekdays"`  // from Sunday on
	Months    []string      `json:"months"`
	Product   string        `json:"product"`   // for a skill whose name shows nothing
	Developer string        `json:"developer"` // for such a vendor
	OpenPage  string        `json:"openPage"`  // on the button
	CopyLink  string        `json:"copyLink"`  // before the link in full

	Leave       string `json:"leave"`       // the way out of the test and of all mail
	Unsubscribe string `json:"unsubscribe"` // the same once there is nothing to leave
}

// readLanguage reads a language.json; the error says everything that is wrong.
func readLanguage(f file) (l language, err error) {
	d := json.NewDecoder(bytes.NewReader([]byte(f.text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return l, fmt.Errorf("%s:%d: %w", f.name, 1+strings.Count(f.text[:d.InputOffset()], "\n"), err)
	}
	var wrong []error
	need := func(good bool, what string) {
		if !good {
			wrong = append(wrong, fmt.Errorf("%s:1: %s", f.name, what))
		}
	}
	need(l.Direction == "ltr" || l.Direction == "rtl", "direction must be ltr or rtl")
	need(len(l.Weekdays) == 7, "weekdays must be 7, from Sunday on")
	need(len(l.Months) == 12, "months must be 12")
	for _, part := range []string{"$day", "$month", "$year", "$time"} {
		need(strings.Contains(l.Date, part), "date has no "+part)
	}
	for _, said := range [][2]string{{"product", l.Product}, {"developer", l.Developer}, {"openPage", l.OpenPage}, {"copyLink", l.CopyLink}, {"leave", l.Leave}, {"unsubscribe", l.Unsubscribe}} {
		need(said[1] != "" && clean(said[1]) == said[1] && !strings.Contains(said[1], "{{"), said[0]+" must be one line of plain text")
	}
	return l, errors.Join(wrong...)
}

// phrases are what stands in HTML whoever it is for: templates, so that nothing
// of them is worked out for each letter.
func (l *language) phrases(kind beta.MailKind) map[string]string {
	leave := l.Leave
	if !leads(kind) {
		leave = l.Unsubscribe
	}
	return map[string]string{"language": string(l.Tag), "direction": l.Direction, "openPage": l.OpenPage, "copyLink": l.CopyLink, "leave": leave}
}

// until says when a test ends, in UTC; the zero time is nothing to say.
func (l *language) until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.UTC()
	return os.Expand(l.Date, func(part string) string {
		switch part {
		case "weekday":
			return l.Weekdays[t.Weekday()]
		case "day":
			return strconv.Itoa(t.Day())
		case "month":
			return l.Months[t.Month()-1]
		case "year":
			return strconv.Itoa(t.Year())
		case "time":
			return t.Format("15:04")
		}
		return ""
	})
}
