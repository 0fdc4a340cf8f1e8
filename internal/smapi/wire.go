package smapi

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"tryout/internal/beta"
)

// The structs of the wire, exactly as SMAPI documents them.

type wireError struct {
	Message    string          `json:"message"`
	Code       string          `json:"code"`
	Violations []wireViolation `json:"violations,omitempty"`
}

type wireViolation struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type wireTest struct {
	Status           beta.Status `json:"status"`
	ExpiryDate       string      `json:"expiryDate,omitempty"`
	FeedbackEmail    string      `json:"feedbackEmail,omitempty"`
	InvitationURL    string      `json:"invitationUrl"`
	InvitesRemaining int         `json:"invitesRemaining"`
}

type wireVendors struct {
	Vendors []wireVendor `json:"vendors"`
}

type wireVendor struct {
	ID    beta.VendorID `json:"id"`
	Name  string        `json:"name"`
	Roles []string      `json:"roles"`
}

type wireSkills struct {
	Skills      []wireSkill `json:"skills"`
	IsTruncated bool        `json:"isTruncated"`
	NextToken   string      `json:"nextToken,omitempty"`
}

type wireSkill struct {
	SkillID           beta.SkillID      `json:"skillId"`
	Stage             string            `json:"stage"`
	APIs              []string          `json:"apis"`
	PublicationStatus string            `json:"publicationStatus"`
	LastUpdated       string            `json:"lastUpdated"`
	NameByLocale      map[string]string `json:"nameByLocale"`
}

type wireSkillStatus struct {
	Manifest *wireManifest `json:"manifest,omitempty"`
}

type wireManifest struct {
	LastUpdateRequest wireUpdate `json:"lastUpdateRequest"`
}

type wireUpdate struct {
	Status string `json:"status"`
}

type wireBatch struct {
	ID        string         `json:"id"`
	Operation beta.Operation `json:"operation"`
	At        string         `json:"at"`
	By        string         `json:"by"`
	RequestID string         `json:"requestId,omitempty"` // absent when nobody asked: the clock did it
	Entries   []wireEntry    `json:"entries"`
}

type wireEntry struct {
	EmailID string         `json:"emailId,omitempty"` // absent once the person was erased
	Result  beta.Result    `json:"result"`
	Reason  beta.Reason    `json:"reason,omitempty"`
	Mail    beta.MailState `json:"mail,omitempty"` // where the mail that the call caused is now
	Refusal beta.Reason    `json:"mailRefusal,omitempty"`
}

type wireStory struct {
	EmailID           string                `json:"emailId"`
	State             beta.TesterState      `json:"state"`
	Language          beta.Language         `json:"language,omitempty"`
	AssociationDate   string                `json:"associationDate"`
	RemovalDate       string                `json:"removalDate,omitempty"`
	InvitationStatus  beta.InvitationStatus `json:"invitationStatus"`
	IsReminderAllowed bool                  `json:"isReminderAllowed"`
	MailRefusal       beta.Reason           `json:"mailRefusal,omitempty"`
	Mails             []wireMail            `json:"mails"`
	History           []wireEvent           `json:"history"`
}

type wireMail struct {
	ID          string         `json:"id"`
	Kind        beta.MailKind  `json:"kind"`
	State       beta.MailState `json:"state"`
	Refusal     beta.Reason    `json:"mailRefusal,omitempty"`
	QueuedDate  string         `json:"queuedDate"`
	DueDate     string         `json:"dueDate,omitempty"`
	SettledDate string         `json:"settledDate,omitempty"`
	BatchID     string         `json:"batchId,omitempty"`
	RequestID   string         `json:"requestId,omitempty"`
	Attempts    []wireAttempt  `json:"attempts"`
}

type wireAttempt struct {
	At           string         `json:"at"`
	Times        int            `json:"times,omitempty"`
	Since        string         `json:"since,omitempty"`
	State        beta.MailState `json:"state"`
	Relay        string         `json:"relay,omitempty"`
	Step         string         `json:"step,omitempty"`
	Code         int            `json:"code,omitempty"`
	EnhancedCode string         `json:"enhancedCode,omitempty"`
	Reply        string         `json:"reply,omitempty"`
	QueueID      string         `json:"queueId,omitempty"`
}

type wirePosted struct {
	Taken   int `json:"taken"`
	Unknown int `json:"unknown"`
}

type wireEvent struct {
	At        string         `json:"at"`
	BatchID   string         `json:"batchId"`
	By        string         `json:"by"`
	RequestID string         `json:"requestId,omitempty"`
	Operation beta.Operation `json:"operation"`
	Result    beta.Result    `json:"result"`
	Reason    beta.Reason    `json:"reason,omitempty"`
}

type wireFeedbackList struct {
	Feedback    []wireFeedback `json:"feedback"`
	IsTruncated bool           `json:"isTruncated"`
	NextToken   string         `json:"nextToken,omitempty"`
}

type wireFeedback struct {
	EmailID string            `json:"emailId,omitempty"` // absent once the person was erased
	Kind    beta.FeedbackKind `json:"kind"`
	Rating  int               `json:"rating,omitempty"`
	Text    string            `json:"text,omitempty"`
	Date    string            `json:"date"`
}

// dateFormat is SMAPI's: UTC, exactly three decimals.
const dateFormat = "2006-01-02T15:04:05.000Z"

// date writes a time as SMAPI does; a zero time is absent, never null.
func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(dateFormat)
}

// appendDate writes what date does, in less than half the time that the library
// takes to interpret the format. Years have four digits here.
func appendDate(b []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	b = appendDigits(b, year, 1000)
	for _, part := range [...]struct {
		mark   byte
		number int
	}{{'-', int(month)}, {'-', day}, {'T', hour}, {':', minute}, {':', second}} {
		b = appendDigits(append(b, part.mark), part.number, 10)
	}
	return append(appendDigits(append(b, '.'), t.Nanosecond()/1e6, 100), 'Z')
}

// appendDigits writes n with as many digits as top has.
func appendDigits(b []byte, n, top int) []byte {
	for ; top > 0; top /= 10 {
		b = append(b, byte('0'+n/top%10))
	}
	return b
}

// appendTester writes the rest of one element of the tester list, from the
// address on. By hand, since this is the loop that a page of 500 spends its
// time in.
func appendTester(b []byte, t beta.Tester, date []byte, mayRemind bool) []byte {
	b = appendString(b, t.Email.Given)
	b = append(append(append(b, `,"associationDate":"`...), date...), `","isReminderAllowed":`...)
	b = strconv.AppendBool(b, mayRemind)
	b = append(append(b, `,"invitationStatus":"`...), t.InvitationStatus()...)
	return append(b, `"}`...)
}

// appendString quotes s, which came in as valid UTF-8. Addresses are mostly
// plain: nothing of them needs an escape.
func appendString(b []byte, s string) []byte {
	if isPlain(s) {
		return append(append(append(b, '"'), s...), '"')
	}
	b, err := jsontext.AppendQuote(b, s)
	if err != nil {
		panic(err)
	}
	return b
}

func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			return false
		}
	}
	return true
}
