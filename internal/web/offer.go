package web

import (
	"cmp"
	"net/url"
	"strings"
	"time"
	"unicode"

	"tryout/internal/beta"
)

// maxName is how many characters of a name a page shows: a longer one would
// push the buttons off the screen.
const maxName = 60

// offer is what the pages of a test and of an invitation say.
type offer struct {
	Link     string // empty on the page of a test
	Address  string // partly masked; empty on the page of a test
	Skill    string
	Vendor   string
	Feedback string    // where feedback goes; empty when not given
	Until    time.Time // when the test ends by itself; zero until it was started
	Ended    time.Time // when it ended; zero while it has not, or when that is not known
	MayWrite bool      // whether the test takes feedback
	MayLeave bool      // whether there is a test to leave, or an invitation to decline
	Left     bool      // whether the tester said no thanks, or left
	Draft    draft     // what stands in the form
}

func newOffer(inv beta.Invitation, link string) offer {
	o := offer{
		Link:     link,
		Skill:    legible(cmp.Or(inv.Skill.Name, string(inv.Skill.ID))),
		Vendor:   legible(cmp.Or(inv.Vendor.Name, string(inv.Vendor.ID))),
		Feedback: inv.Test.FeedbackEmail,
		Until:    inv.Test.ExpiresAt,
		Ended:    inv.Test.EndedAt,
		MayWrite: inv.TakesFeedback,
	}
	live := inv.Status == beta.Starting || inv.Status == beta.Running
	o.MayLeave = live && (inv.Tester.State == beta.Invited || inv.Tester.State == beta.Accepted)
	o.Left = inv.Tester.State == beta.Declined || inv.Tester.State == beta.Left
	if inv.Tester.Email.Key != "" {
		o.Address = inv.Tester.Email.Masked()
	}
	// A test whose time ran out has ended then, written down or not.
	if inv.Status == beta.Ended && o.Ended.IsZero() {
		o.Ended = inv.Test.ExpiresAt
	}
	return o
}

// draft is what a form holds that could not be sent yet, and why not.
type draft struct {
	Rating, Text string
	Problem      string // empty in a form not sent yet
	RequestID    string // only when somebody must look into it
}

// Mailto returns the address of the feedback address. It is escaped because
// "?" may stand in a mailbox name, where it would begin headers of the message.
func (o offer) Mailto() string {
	return "mailto:" + url.PathEscape(o.Feedback)
}

// FeedbackParts returns the feedback address in the parts between which a
// narrow screen may break it: the mailbox name, and the rest from the @ on.
func (o offer) FeedbackParts() []string {
	at := max(0, strings.LastIndexByte(o.Feedback, '@'))
	return []string{o.Feedback[:at], o.Feedback[at:]}
}

// legible makes a name that anybody may have chosen fit to stand in a
// sentence: on one line, not too long, and without the characters that turn
// the direction of the text around it, which even <bdi> cannot hold in when
// they close what it opened.
func legible(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "\uFFFD"))
	runes := []rune(strings.Join(strings.Fields(name), " "))
	if len(runes) > maxName {
		return strings.TrimSpace(string(runes[:maxName-1])) + "…"
	}
	return string(runes)
}
