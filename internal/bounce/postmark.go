package bounce

import "errors"

// Postmark reads a bounce, spam complaint or delivery as Postmark posts it, one
// to a post. Postmark signs nothing: check the password of its basic
// authentication, or a secret in the path, with [CheckSecret].
//
// Its MessageID is Postmark's own. Ours is known where the message carried it
// as metadata called message-id.
func Postmark(body []byte) ([]Report, error) {
	var e postmarkEvent
	if err := decodeJSON(body, &e); err != nil {
		return nil, err
	}
	r := Report{Recipient: e.Email, RelayID: e.MessageID, At: stamp(e.BouncedAt)}
	r.MessageID, _ = e.Metadata["message-id"].(string)
	hard := false
	switch e.RecordType {
	case "":
		return nil, errors.New("bounce: the post has no RecordType")
	case "Bounce":
		r.Kind, hard = postmarkKind(e.Type)
	case "SpamComplaint":
		r.Kind = Complaint
	case "Delivery":
		r.Kind, r.Recipient, r.At = Delivered, e.Recipient, stamp(e.DeliveredAt)
	}
	if r.Kind == "" {
		return nil, nil
	}
	return []Report{r.cleaned(e.Details, hard)}, nil
}

type postmarkEvent struct {
	RecordType, Type, MessageID, Details string
	Email, BouncedAt                     string
	Recipient, DeliveredAt               string
	Metadata                             map[string]any
}

// postmarkKind says what a type of bounce means; hard tells that the address is
// a bad one. Types that are no failure, such as AutoResponder, have no kind.
func postmarkKind(name string) (kind Kind, hard bool) {
	switch name {
	case "HardBounce", "BadEmailAddress":
		return Permanent, true
	case "SpamNotification", "VirusNotification", "ManuallyDeactivated", "Blocked", "SMTPApiError", "DMARCPolicy":
		return Permanent, false
	case "Transient", "SoftBounce", "DnsError", "Unknown":
		return Temporary, false
	case "SpamComplaint":
		return Complaint, false
	}
	return "", false
}
