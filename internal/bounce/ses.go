package bounce

import (
	"errors"
	"net/url"
	"strings"
)

// Subscription is the error that [SES] returns when Amazon's notification
// service asks whether posts for a topic are wanted here. An operator has to
// open the address, once; this package never fetches anything.
type Subscription struct {
	Topic string
	URL   string // of Amazon
}

func (s *Subscription) Error() string {
	return "bounce: not subscribed to " + s.Topic + " yet: open the confirmation's address"
}

// SES reads a notification of Amazon SES as SNS posts it, in SNS's envelope or
// raw. A notification tells of one mail and one or more recipients. SNS signs
// with certificates that would have to be fetched: check a secret in the path
// instead, with [CheckSecret]. The error may be a [*Subscription].
func SES(body []byte) ([]Report, error) {
	var envelope struct {
		Type, TopicArn, Message, SubscribeURL string
	}
	if err := decodeJSON(body, &envelope); err != nil {
		return nil, err
	}
	switch envelope.Type {
	case "":
		return sesNotification(body)
	case "Notification":
		return sesNotification([]byte(envelope.Message))
	case "SubscriptionConfirmation":
		return nil, subscription(envelope.TopicArn, envelope.SubscribeURL)
	}
	return nil, nil
}

func subscription(topic, address string) error {
	u, err := url.Parse(identifierOf(address, maxLink))
	if err != nil || u.Scheme != "https" || u.User != nil ||
		!strings.HasSuffix(u.Host, ".amazonaws.com") && !strings.HasSuffix(u.Host, ".amazonaws.com.cn") {
		return errors.New("bounce: SubscribeURL is not an address of Amazon's")
	}
	return &Subscription{line(topic, maxIdentifier), u.String()}
}

// sesEvent has the members that matter of SES's notifications and of its events,
// which differ in the name of the first.
type sesEvent struct {
	NotificationType, EventType string

	Mail struct {
		MessageID     string
		Source        string
		Destination   []string
		CommonHeaders struct{ MessageID string }
	}
	Bounce struct {
		BounceType, BounceSubType, Timestamp, ReportingMTA string
		BouncedRecipients                                  []struct{ EmailAddress, Status, DiagnosticCode string }
	}
	Complaint struct {
		ComplaintFeedbackType, ComplaintSubType, Timestamp string
		ComplainedRecipients                               []struct{ EmailAddress string }
	}
	Delivery struct {
		Timestamp, SMTPResponse string
		Recipients              []string
	}
	DeliveryDelay struct {
		Timestamp, DelayType string
		DelayedRecipients    []struct{ EmailAddress, Status, DiagnosticCode string }
	}
	Reject struct{ Reason string }
}

func sesNotification(body []byte) ([]Report, error) {
	var e sesEvent
	if err := decodeJSON(body, &e); err != nil {
		return nil, err
	}
	var found []Report
	add := func(r Report, reply string, hard bool) {
		r.MessageID, r.RelayID, r.ReturnPath = e.Mail.CommonHeaders.MessageID, e.Mail.MessageID, e.Mail.Source
		found = append(found, r.cleaned(reply, hard))
	}
	switch e.NotificationType + e.EventType {
	case "Bounce":
		kind, hard := e.bounced()
		for _, to := range e.Bounce.BouncedRecipients {
			add(Report{Kind: kind, Recipient: to.EmailAddress, Enhanced: to.Status, RemoteMTA: e.Bounce.ReportingMTA, At: stamp(e.Bounce.Timestamp)}, to.DiagnosticCode, hard)
		}
	case "Complaint":
		if e.Complaint.ComplaintFeedbackType != "not-spam" {
			for _, to := range e.Complaint.ComplainedRecipients {
				add(Report{Kind: Complaint, Recipient: to.EmailAddress, At: stamp(e.Complaint.Timestamp)}, e.Complaint.ComplaintFeedbackType, false)
			}
		}
	case "Delivery":
		for _, to := range e.Delivery.Recipients {
			add(Report{Kind: Delivered, Recipient: to, At: stamp(e.Delivery.Timestamp)}, e.Delivery.SMTPResponse, false)
		}
	case "DeliveryDelay":
		for _, to := range e.DeliveryDelay.DelayedRecipients {
			add(Report{Kind: Temporary, Recipient: to.EmailAddress, Enhanced: to.Status, At: stamp(e.DeliveryDelay.Timestamp)}, to.DiagnosticCode, false)
		}
	case "Reject":
		for _, to := range e.Mail.Destination {
			add(Report{Kind: Permanent, Recipient: to}, e.Reject.Reason, false)
		}
	case "":
		return nil, errors.New("bounce: the notification has no notificationType")
	}
	return found, nil
}

// bounced says what a bounce means. Transient ones are Temporary although SES
// does not try again: out-of-office replies are among them.
func (e *sesEvent) bounced() (kind Kind, hard bool) {
	if e.Bounce.BounceType != "Permanent" {
		return Temporary, false
	}
	switch e.Bounce.BounceSubType {
	case "General", "NoEmail", "Suppressed", "OnAccountSuppressionList":
		return Permanent, true
	}
	return Permanent, false
}
