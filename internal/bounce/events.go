package bounce

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// eventsTolerance is how far the sender's clock may be from ours.
const eventsTolerance = 5 * time.Minute

// EventsKey reads a secret of the Standard Webhooks form: whsec_ and at least 24
// octets in base64.
func EventsKey(s string) ([]byte, error) {
	text, is := strings.CutPrefix(s, "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !is || err != nil || len(key) < 24 {
		return nil, errors.New("bounce: the secret must be whsec_ and at least 24 octets in base64")
	}
	return key, nil
}

// CheckEvents checks the signature of a post as Standard Webhooks has it:
// webhook-signature holds, among others perhaps, "v1," and the base64 of the
// HMAC-SHA256 of webhook-id, webhook-timestamp and the body, with dots between.
// header returns the value of one of the post's header fields. The error is
// [ErrSignature].
func CheckEvents(key []byte, header func(name string) string, body []byte, now time.Time) error {
	id, stamp := header("webhook-id"), header("webhook-timestamp")
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + stamp + "."))
	mac.Write(body)
	want := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	for given := range strings.FieldsSeq(header("webhook-signature")) {
		if id != "" && len(key) > 0 && hmac.Equal([]byte(given), want) {
			return fresh(stamp, now, eventsTolerance)
		}
	}
	return ErrSignature
}

// event is one of our own form. Members that it lacks are not known.
type event struct {
	Type      Kind   `json:"type"`
	MessageID string `json:"messageId"`
	Recipient string `json:"recipient"`
	Code      int    `json:"code"`
	Enhanced  string `json:"enhanced"`
	Text      string `json:"text"`
	At        string `json:"at"`
}

// Events reads a post of our own form, {"events": [...]}, for relays that are
// not known here. It is all read or none: an event that has a mistake is named.
// Check the post first with [CheckEvents].
func Events(body []byte) ([]Report, error) {
	var post struct {
		Events *[]event `json:"events"`
	}
	if err := decodeJSON(body, &post); err != nil {
		return nil, err
	}
	if post.Events == nil {
		return nil, errors.New("bounce: events is missing")
	}
	if len(*post.Events) > maxEvents {
		return nil, fmt.Errorf("bounce: more than %d events in a post", maxEvents)
	}
	var found []Report
	for i, e := range *post.Events {
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("bounce: events[%d].%w", i, err)
		}
		r := Report{Kind: e.Type, Recipient: e.Recipient, Code: e.Code, Enhanced: e.Enhanced, MessageID: e.MessageID, At: stamp(e.At)}
		switch e.Type {
		case Permanent, Temporary, Complaint, Delivered:
			found = append(found, r.cleaned(e.Text, false))
		}
	}
	return found, nil
}

// check says what is wrong with an event, beginning with the member's name. A
// type that is not known is none of ours to judge, and is passed over.
func (e event) check() error {
	switch {
	case e.Type == "":
		return errors.New("type is missing")
	case e.MessageID == "" && e.Recipient == "":
		return errors.New("messageId and recipient are both missing")
	case e.MessageID != "" && identifier(e.MessageID) == "":
		return fmt.Errorf("messageId must be a Message-ID of at most %d octets", maxIdentifier)
	case e.Recipient != "" && address(e.Recipient) == "":
		return errors.New("recipient must be an e-mail address")
	case e.Code != 0 && (e.Code < 200 || e.Code > 599):
		return errors.New("code must be from 200 to 599")
	case e.Enhanced != "" && !isEnhanced(e.Enhanced):
		return errors.New("enhanced must be of the form 5.1.1")
	case e.At != "" && stamp(e.At).IsZero():
		return errors.New("at must be of the form 2006-01-02T15:04:05Z")
	}
	return nil
}
