package bounce

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// sendGridTolerance is how old a post may be: SendGrid repeats one for a day.
const sendGridTolerance = 25 * time.Hour

// SendGridKey reads the verification key as SendGrid shows it: base64, with or
// without the lines around it.
func SendGridKey(s string) (*ecdsa.PublicKey, error) {
	s = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(s), "-----BEGIN PUBLIC KEY-----"), "-----END PUBLIC KEY-----")
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		return nil, errors.New("bounce: the verification key is not base64")
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if key, is := key.(*ecdsa.PublicKey); err == nil && is {
		return key, nil
	}
	return nil, errors.New("bounce: the verification key is not an ECDSA public key")
}

// CheckSendGrid checks the signature of a post; header returns the value of one
// of its header fields. The error is [ErrSignature].
func CheckSendGrid(key *ecdsa.PublicKey, header func(name string) string, body []byte, now time.Time) error {
	stamp := header("X-Twilio-Email-Event-Webhook-Timestamp")
	signature, err := base64.StdEncoding.DecodeString(header("X-Twilio-Email-Event-Webhook-Signature"))
	if err != nil {
		return ErrSignature
	}
	hash := sha256.New()
	hash.Write([]byte(stamp))
	hash.Write(body)
	if !ecdsa.VerifyASN1(key, hash.Sum(nil), signature) {
		return ErrSignature
	}
	return fresh(stamp, now, sendGridTolerance)
}

// SendGrid reads the events of a post of SendGrid's, in their order. Check them
// first with [CheckSendGrid].
func SendGrid(body []byte) ([]Report, error) {
	var events []sendGridEvent
	if err := decodeJSON(body, &events); err != nil {
		return nil, err
	}
	if len(events) > maxEvents {
		return nil, fmt.Errorf("bounce: more than %d events in a post", maxEvents)
	}
	var found []Report
	for _, e := range events {
		kind, hard, reply := e.means()
		if kind == "" {
			continue
		}
		r := Report{Kind: kind, Recipient: e.Email, Enhanced: e.Status, MessageID: e.SMTPID, RelayID: e.MessageID, At: seconds(e.Timestamp)}
		found = append(found, r.cleaned(reply, hard))
	}
	return found, nil
}

type sendGridEvent struct {
	Event, Type, Email       string
	Status, Reason, Response string
	Timestamp                float64
	SMTPID                   string `json:"smtp-id"`
	MessageID                string `json:"sg_message_id"`
}

// means says what an event means; hard tells that the address is a bad one. A
// bounce of type blocked is SendGrid's word for what is not about the address.
func (e sendGridEvent) means() (kind Kind, hard bool, reply string) {
	switch e.Event {
	case "bounce":
		return Permanent, e.Type != "blocked", e.Reason
	case "dropped":
		return Permanent, e.Reason == "Bounced Address" || e.Reason == "Invalid", e.Reason
	case "deferred":
		return Temporary, false, e.Response
	case "spamreport":
		return Complaint, false, ""
	case "delivered":
		return Delivered, false, e.Response
	}
	return "", false, ""
}
