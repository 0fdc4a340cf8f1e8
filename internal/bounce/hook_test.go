package bounce_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tryout/internal/bounce"
)

// posts are the posts kept in testdata, by name, which begins with the relay's.
func posts(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("posts: got %v, %v", names, err)
	}
	found := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found[strings.TrimSuffix(filepath.Base(name), ".json")] = data
	}
	return found
}

var now = time.Unix(1795510900, 0) // shortly after the posts of testdata

var mailgunKey = []byte("mailgun's webhook signing key")

// mailgun signs a post as Mailgun does, which has a hole for it.
func mailgun(post []byte, at time.Time) []byte {
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, mailgunKey)
	mac.Write([]byte(stamp + "token"))
	signature := fmt.Sprintf(`{"timestamp":%q,"token":"token","signature":%q}`, stamp, hex.EncodeToString(mac.Sum(nil)))
	return []byte(strings.Replace(string(post), `"SIGNATURE"`, signature, 1))
}

func reader(name string) func([]byte) ([]bounce.Report, error) {
	relay, _, _ := strings.Cut(name, "-")
	return map[string]func([]byte) ([]bounce.Report, error){
		"ses": bounce.SES, "postmark": bounce.Postmark, "sendgrid": bounce.SendGrid, "events": bounce.Events,
		"mailgun": func(body []byte) ([]bounce.Report, error) { return bounce.Mailgun(mailgunKey, mailgun(body, now), now) },
	}[relay]
}

func TestPostsOfRelaysAreRead(t *testing.T) {
	t.Parallel()
	for name, post := range posts(t) {
		found, err := reader(name)(post)
		golden(t, "testdata/"+name+".golden", show(t, found, err))
		for _, r := range found {
			check(t, r)
		}
	}
}

func TestPostsThatAreWrongAreToldSo(t *testing.T) {
	t.Parallel()
	secret := "not to be repeated"
	for _, c := range []struct{ reader, post, want string }{
		{"ses", ``, "bounce: not JSON, near octet 0"},
		{"ses", `[]`, "bounce: the JSON is of another form"},
		{"ses", `{}`, "bounce: the notification has no notificationType"},
		{"ses", `{"Type":"Notification","Message":"` + secret + `"}`, "bounce: not JSON, near octet 2"},
		{"ses", `{"Type":"Notification"}`, "bounce: not JSON, near octet 0"},
		{"ses", `{"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":1}]}}`, "bounce: Bounce.BouncedRecipients.EmailAddress must be a string, near octet 77"},
		{"ses", `{"notificationType":"Bounce","bounce":"` + secret + `"}`, "bounce: Bounce must be an object, near octet 58"},
		{"ses", `{"Type":"SubscriptionConfirmation","TopicArn":"t","SubscribeURL":"https://sns.us-east-1.amazonaws.com.evil.example/"}`, "bounce: SubscribeURL is not an address of Amazon's"},
		{"ses", `{"Type":"SubscriptionConfirmation","TopicArn":"t","SubscribeURL":"http://sns.us-east-1.amazonaws.com/"}`, "bounce: SubscribeURL is not an address of Amazon's"},
		{"ses", `{"Type":"SubscriptionConfirmation","TopicArn":"t","SubscribeURL":"https://a@sns.us-east-1.amazonaws.com/"}`, "bounce: SubscribeURL is not an address of Amazon's"},
		{"postmark", `{}`, "bounce: the post has no RecordType"},
		{"postmark", `{"RecordType":"Bounce","Email":["` + secret + `"]}`, "bounce: Email must be a string, near octet 32"},
		{"sendgrid", `{"event":"bounce"}`, "bounce: the JSON is of another form"},
		{"sendgrid", `[{"event":"bounce"},{"event":1}]`, "bounce: Event must be a string, near octet 30"},
		{"sendgrid", `[{"event":"bounce"}`, "bounce: not JSON, near octet 19"},
		{"sendgrid", `[` + strings.Repeat(`{},`, 10_000) + `{}]`, "bounce: more than 10000 events in a post"},
		{"sendgrid", strings.Repeat(` `, bounce.MaxSize+1), "bounce: more than 1 MiB"},
		{"sendgrid", strings.Repeat(`[`, 100_000), "bounce: not JSON, near octet 10001"},
		{"mailgun", `{"signature":"SIGNATURE","event-data":{}}`, "bounce: event-data has no event"},
		{"mailgun", `{"event-data":{"event":"failed"}}`, bounce.ErrSignature.Error()},
		{"events", `{}`, "bounce: events is missing"},
		{"events", `{"events":[{"type":"permanent","code":"550"}]}`, "bounce: events.code must be a number, near octet 43"},
		{"events", `{"events":{}}`, "bounce: events must be an array, near octet 11"},
		{"events", `{"events":[{"type":"permanent","recipient":"ada@example.com"},{"recipient":"ada@example.com"}]}`, "bounce: events[1].type is missing"},
		{"events", `{"events":[{"type":"permanent"}]}`, "bounce: events[0].messageId and recipient are both missing"},
		{"events", `{"events":[{"type":"permanent","recipient":"` + secret + `"}]}`, "bounce: events[0].recipient must be an e-mail address"},
		{"events", `{"events":[{"type":"permanent","messageId":"` + secret + `"}]}`, "bounce: events[0].messageId must be a Message-ID of at most 255 octets"},
		{"events", `{"events":[{"type":"permanent","messageId":"a","code":600}]}`, "bounce: events[0].code must be from 200 to 599"},
		{"events", `{"events":[{"type":"permanent","messageId":"a","enhanced":"5.1"}]}`, "bounce: events[0].enhanced must be of the form 5.1.1"},
		{"events", `{"events":[{"type":"permanent","messageId":"a","at":"yesterday"}]}`, "bounce: events[0].at must be of the form 2006-01-02T15:04:05Z"},
	} {
		found, err := reader(c.reader)([]byte(c.post))
		if err == nil || err.Error() != c.want || len(found) != 0 {
			t.Errorf("%s, %.100s: got %v, %v, want %q", c.reader, c.post, found, err, c.want)
		}
	}
}

func TestASubscriptionIsToldNotMade(t *testing.T) {
	t.Parallel()
	const address = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=abc"
	_, err := bounce.SES([]byte(`{"Type":"SubscriptionConfirmation","TopicArn":"arn:aws:sns:us-east-1:1:bounces","SubscribeURL":"` + address + `"}`))
	var s *bounce.Subscription
	if !errors.As(err, &s) || s.URL != address || s.Topic != "arn:aws:sns:us-east-1:1:bounces" {
		t.Errorf("got %+v, %v", s, err)
	}
	if found, err := bounce.SES([]byte(`{"Type":"UnsubscribeConfirmation","SubscribeURL":"` + address + `"}`)); err != nil || found != nil {
		t.Errorf("unsubscribed: got %v, %v", found, err)
	}
}

func TestSecretsAreCompared(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ours, given string
		want        error
	}{{"secret", "secret", nil}, {"secret", "Secret", bounce.ErrSignature}, {"secret", "", bounce.ErrSignature}, {"", "", bounce.ErrSignature}} {
		if got := bounce.CheckSecret(c.ours, c.given); !errors.Is(got, c.want) {
			t.Errorf("%q and %q: got %v, want %v", c.ours, c.given, got, c.want)
		}
	}
}

func TestMailgunsSignatureIsChecked(t *testing.T) {
	t.Parallel()
	post := []byte(`{"signature":"SIGNATURE","event-data":{"event":"opened"}}`)
	signed := func(ago time.Duration) []byte { return mailgun(post, now.Add(-ago)) }
	for name, c := range map[string]struct {
		key, body []byte
		want      error
	}{
		"good":        {mailgunKey, signed(0), nil},
		"repeated":    {mailgunKey, signed(12 * time.Hour), nil},
		"too old":     {mailgunKey, signed(12*time.Hour + time.Second), bounce.ErrSignature},
		"too new":     {mailgunKey, signed(-12*time.Hour - time.Second), bounce.ErrSignature},
		"another key": {[]byte("another"), signed(0), bounce.ErrSignature},
		"no key":      {nil, signed(0), bounce.ErrSignature},
		"other token": {mailgunKey, []byte(strings.Replace(string(signed(0)), `"token":"token"`, `"token":"t"`, 1)), bounce.ErrSignature},
		"none":        {mailgunKey, []byte(`{"event-data":{"event":"opened"}}`), bounce.ErrSignature},
	} {
		if _, err := bounce.Mailgun(c.key, c.body, now); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestSendGridsSignatureIsChecked(t *testing.T) {
	t.Parallel()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(der)
	key, err := bounce.SendGridKey(text)
	if err != nil {
		t.Fatal(err)
	}
	if pem, err := bounce.SendGridKey("-----BEGIN PUBLIC KEY-----\n" + text + "\n-----END PUBLIC KEY-----\n"); err != nil || !pem.Equal(key) {
		t.Errorf("with lines around it: got %v, %v", pem, err)
	}
	for _, bad := range []string{"", "%", base64.StdEncoding.EncodeToString([]byte("no key"))} {
		if _, err := bounce.SendGridKey(bad); err == nil {
			t.Errorf("the key %q is read", bad)
		}
	}
	sign := func(stamp, body string) func(string) string {
		digest := sha256.Sum256([]byte(stamp + body))
		signature, err := ecdsa.SignASN1(rand.Reader, private, digest[:])
		if err != nil {
			t.Fatal(err)
		}
		return header{"X-Twilio-Email-Event-Webhook-Timestamp": stamp, "X-Twilio-Email-Event-Webhook-Signature": base64.StdEncoding.EncodeToString(signature)}.get
	}
	stamp := func(ago time.Duration) string { return fmt.Sprint(now.Add(-ago).Unix()) }
	for name, c := range map[string]struct {
		header func(string) string
		want   error
	}{
		"good":         {sign(stamp(0), "[]"), nil},
		"repeated":     {sign(stamp(25*time.Hour), "[]"), nil},
		"too old":      {sign(stamp(25*time.Hour+time.Second), "[]"), bounce.ErrSignature},
		"another body": {sign(stamp(0), "[{}]"), bounce.ErrSignature},
		"no time":      {sign("", "[]"), bounce.ErrSignature},
		"none":         {header{}.get, bounce.ErrSignature},
	} {
		if err := bounce.CheckSendGrid(key, c.header, []byte("[]"), now); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// The vector is that of the Standard Webhooks specification's own libraries.
func TestOurOwnSignatureIsThatOfStandardWebhooks(t *testing.T) {
	t.Parallel()
	key, err := bounce.EventsKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	const body, good = `{"test": 2432232314}`, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	sent := time.Unix(1614265330, 0)
	of := func(id, stamp, signature string) func(string) string {
		return header{"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature}.get
	}
	const id, stamp = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330"
	for name, c := range map[string]struct {
		header func(string) string
		now    time.Time
		want   error
	}{
		"good":              {of(id, stamp, good), sent, nil},
		"several":           {of(id, stamp, "v1,Zm9v v2,"+good[3:]+" "+good), sent, nil},
		"5 minutes":         {of(id, stamp, good), sent.Add(5 * time.Minute), nil},
		"more":              {of(id, stamp, good), sent.Add(5*time.Minute + time.Second), bounce.ErrSignature},
		"5 minutes before":  {of(id, stamp, good), sent.Add(-5 * time.Minute), nil},
		"more before":       {of(id, stamp, good), sent.Add(-5*time.Minute - time.Second), bounce.ErrSignature},
		"another id":        {of("msg_2", stamp, good), sent, bounce.ErrSignature},
		"another time":      {of(id, "1614265331", good), sent, bounce.ErrSignature},
		"another version":   {of(id, stamp, "v2,"+good[3:]), sent, bounce.ErrSignature},
		"without a version": {of(id, stamp, good[3:]), sent, bounce.ErrSignature},
		"none":              {header{}.get, sent, bounce.ErrSignature},
	} {
		if err := bounce.CheckEvents(key, c.header, []byte(body), c.now); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	for _, bad := range []string{"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa==", "whsec_%"} {
		if _, err := bounce.EventsKey(bad); err == nil {
			t.Errorf("the secret %q is read", bad)
		}
	}
}

type header map[string]string

func (h header) get(name string) string { return h[name] }

func FuzzPosts(f *testing.F) {
	names := []string{"ses", "postmark", "sendgrid", "mailgun", "events"}
	for name, post := range posts(f) {
		relay, _, _ := strings.Cut(name, "-")
		for n := range names {
			if names[n] == relay {
				f.Add(uint8(n), post)
			}
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, post []byte) {
		found, err := reader(names[int(n)%len(names)])(post)
		if err != nil && (len(found) > 0 || len(err.Error()) > 2000) {
			t.Errorf("got %d reports, %v", len(found), err)
		}
		if err == nil && !json.Valid(post) {
			t.Errorf("%q is read", post)
		}
		for _, r := range found {
			check(t, r)
		}
	})
}
