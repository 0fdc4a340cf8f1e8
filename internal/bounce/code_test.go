package bounce_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"tryout/internal/bounce"
)

// fromReply reads a reply through the form that has nothing else.
func fromReply(t *testing.T, text string) bounce.Report {
	t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	found, err := bounce.Events(fmt.Appendf(nil, `{"events":[{"type":"permanent","messageId":"m","text":%s}]}`, quoted))
	if err != nil || len(found) != 1 {
		t.Fatalf("%q: got %v, %v", text, found, err)
	}
	return found[0]
}

func TestCodesAreTakenFromReplies(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]string{
		"550 5.1.1 User unknown":                              "550 5.1.1 User unknown",
		"550-5.1.1 User 550 5.1.1 unknown":                    "550 5.1.1 User 550 5.1.1 unknown",
		"smtp; 550 5.1.1 User unknown":                        "550 5.1.1 User unknown",
		"554 554 5.7.1 Denied":                                "554 5.7.1 Denied",
		"550 #5.1.0 Address rejected":                         "550 5.1.0 Address rejected",
		"#550 5.1.1 not found":                                "0 5.1.1 #550 5.1.1 not found",
		"550 No such user":                                    "550  No such user",
		"550":                                                 "550  ",
		"5.1.1 The account":                                   "0 5.1.1 The account",
		"Remote Server returned '550 5.1.10 Not found'":       "550 5.1.10 Remote Server returned '550 5.1.10 Not found'",
		"host mx.example.com[192.0.2.1] said: 452 4.2.2 Full": "452 4.2.2 host mx.example.com[192.0.2.1] said: 452 4.2.2 Full",
		"Sorry, no mailbox here by that name. (#5.1.1)":       "0 5.1.1 Sorry, no mailbox here by that name. (#5.1.1)",
		"550 5.1.1.9 is on a list":                            "550  5.1.1.9 is on a list",
		"550 192.5.1.1 is on a list":                          "550  192.5.1.1 is on a list",
		"wait for 550 seconds":                                "0  wait for 550 seconds",
		"5501 users":                                          "0  5501 users",
		"650 what":                                            "0  650 what",
		"":                                                    "0  ",
	} {
		r := fromReply(t, reply)
		if got := fmt.Sprint(r.Code, " ", r.Enhanced, " ", r.Text); got != want {
			t.Errorf("%q: got %q, want %q", reply, got, want)
		}
	}
}

func TestOnlyWhatIsAboutTheAddressRefusesIt(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]bool{
		"550 5.1.0 Address rejected":                                        true,
		"550 5.1.1 User unknown":                                            true,
		"550 5.1.2 Bad destination":                                         true,
		"553 5.1.3 Bad syntax":                                              true,
		"550 5.1.4 Ambiguous":                                               true,
		"551 5.1.6 Moved":                                                   true,
		"556 5.1.10 Null MX":                                                true,
		"550 5.2.1 Disabled":                                                true,
		"550 5.4.1 Recipient address rejected: Access denied.":              true,
		"5.4.4 Host or domain name not found":                               true,
		"550 5.5.0 Requested action not taken: mailbox unavailable":         true,
		"550 5.0.0 No such user":                                            true,
		"550 user ada@example.com does not exist":                           true,
		"550 Unknown user":                                                  true,
		"550 The recipient is unknown to us":                                true,
		"Sorry, I couldn't find any host named nowhere.example. (#5.1.2)":   true,
		"550 5.1.5 Valid":                                                   false,
		"550 5.1.7 Bad sender address":                                      false,
		"550 5.1.8 Sender's domain not found":                               false,
		"552 5.2.2 Mailbox full":                                            false,
		"552 5.2.3 Message too long for this mailbox":                       false,
		"552 5.3.4 Message too big":                                         false,
		"550 5.4.1 No answer from host":                                     false,
		"550 5.4.4 Unable to route":                                         false,
		"550 5.4.6 Routing loop":                                            false,
		"550 5.5.1 Unknown user command":                                    false,
		"550 5.7.1 User unknown, says our policy":                           false,
		"550 5.7.26 DMARC":                                                  false,
		"550 Rejected":                                                      false,
		"550 No such user: blocked as spam":                                 false,
		"550 Mailbox unavailable: the sender's reputation is bad":           false,
		"552 Recipient's mailbox is full, no longer accepting mail":         false,
		"450 4.2.1 User unknown for now":                                    false,
		"450 No such user":                                                  false,
		"451 4.4.1 Host not found":                                          false,
		"connect to mx.example.com[192.0.2.25]:25: Connection timed out":    false,
		"554 5.0.0 delivery error: dd This user doesn't have a yahoo page ": true,
	} {
		if got := fromReply(t, reply); got.AddressRefused != want {
			t.Errorf("%q: got %v (%d %s), want %v", reply, got.AddressRefused, got.Code, got.Enhanced, want)
		}
	}
}
