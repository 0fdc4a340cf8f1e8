package bounce

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"
)

// mailgunTolerance is how old a post may be: Mailgun repeats one for eight hours.
const mailgunTolerance = 12 * time.Hour

// Mailgun checks a post of Mailgun's with its webhook signing key and reads its
// event. The signature lies in the body and covers a time and a token, not the
// event: receive it by HTTPS only. The error may be [ErrSignature].
func Mailgun(key, body []byte, now time.Time) ([]Report, error) {
	var e mailgunPost
	if err := decodeJSON(body, &e); err != nil {
		return nil, err
	}
	if err := e.check(key, now); err != nil {
		return nil, err
	}
	kind, hard := e.means()
	if kind == "" {
		return nil, nil
	}
	d := e.Event.Status
	reply := d.Message
	if reply == "" {
		reply = d.Description
	}
	r := Report{
		Kind: kind, Recipient: e.Event.Recipient, Code: d.Code, Enhanced: d.Enhanced, RemoteMTA: d.Host,
		MessageID: e.Event.Message.Headers.ID, ReturnPath: e.Event.Envelope.Sender, At: seconds(e.Event.Timestamp),
	}
	return []Report{r.cleaned(reply, hard)}, nil
}

type mailgunPost struct {
	Signature struct{ Timestamp, Token, Signature string }
	Event     struct {
		Event, Severity, Reason, Recipient string
		Timestamp                          float64
		Envelope                           struct{ Sender string }
		Message                            struct {
			Headers struct {
				ID string `json:"message-id"`
			}
		}
		Status struct {
			Code                 int
			Message, Description string
			Enhanced             string `json:"enhanced-code"`
			Host                 string `json:"mx-host"`
		} `json:"delivery-status"`
	} `json:"event-data"`
}

func (e *mailgunPost) check(key []byte, now time.Time) error {
	s := e.Signature
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(s.Timestamp + s.Token))
	given, err := hex.DecodeString(s.Signature)
	if err != nil || len(key) == 0 || !hmac.Equal(given, mac.Sum(nil)) {
		return ErrSignature
	}
	if e.Event.Event == "" {
		return errors.New("bounce: event-data has no event")
	}
	return fresh(s.Timestamp, now, mailgunTolerance)
}

// means says what an event means; hard tells that Mailgun holds the address for
// a bad one.
func (e *mailgunPost) means() (kind Kind, hard bool) {
	switch e.Event.Event {
	case "failed":
		if e.Event.Severity != "permanent" {
			return Temporary, false
		}
		return Permanent, e.Event.Reason == "bounce" || e.Event.Reason == "suppress-bounce"
	case "rejected":
		return Permanent, false
	case "complained":
		return Complaint, false
	case "delivered":
		return Delivered, false
	}
	return "", false
}
