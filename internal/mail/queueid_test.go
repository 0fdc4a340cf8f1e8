package mail_test

import (
	"testing"

	"tryout/internal/mail"
)

func TestTheQueueIDIsReadFromWhatRelaysSay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Ok: queued as 4F2C11A0B":                                    "4F2C11A0B",            // Postfix
		"OK id=1rABcd-0003Xy-2k":                                     "1rABcd-0003Xy-2k",     // Exim
		"2d1f3a9c Message accepted for delivery":                     "2d1f3a9c",             // OpenSMTPD
		"<a@b> [InternalId=42, Hostname=x] Queued mail for delivery": "42",                   // Exchange
		"Ok 0102018c1f-7a-000000":                                    "0102018c1f-7a-000000", // SES
		"OK: queued":                                                 "",
		"Message accepted":                                           "",
		"":                                                           "",
	} {
		if got := (mail.Reply{Code: 250, Text: text}).QueueID(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
