package bounce

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// CheckSecret compares the secret that came with a post, in its path or as the
// password of basic authentication, with ours. It is for relays whose
// signatures cannot be checked without fetching something: SES and Postmark.
// The error is [ErrSignature].
func CheckSecret(ours, given string) error {
	a, b := sha256.Sum256([]byte(ours)), sha256.Sum256([]byte(given))
	if ours == "" || subtle.ConstantTimeCompare(a[:], b[:]) != 1 {
		return ErrSignature
	}
	return nil
}

// decodeJSON reads a post into a value. Members that are not known are passed over.
func decodeJSON(body []byte, into any) error {
	if len(body) > MaxSize {
		return ErrTooBig
	}
	err := json.Unmarshal(body, into)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("bounce: not JSON, near octet %d", syntax.Offset)
	case errors.As(err, &kind) && kind.Field != "":
		return fmt.Errorf("bounce: %s must be %s, near octet %d", kind.Field, jsonName(kind.Type.Kind()), kind.Offset)
	case err != nil:
		return errors.New("bounce: the JSON is of another form")
	}
	return nil
}

// jsonName returns JSON's word for a kind of Go's.
func jsonName(k reflect.Kind) string {
	switch k {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "an array"
	case reflect.String:
		return "a string"
	}
	return "a number"
}

// cleaned makes an event's report fit to be kept; reply is the refusing server's
// words, from which codes are taken that the event does not have itself.
// hard tells that the relay holds the address for a bad one, which counts where
// no code says anything more exact.
func (r Report) cleaned(reply string, hard bool) Report {
	reply = line(typed(reply), maxText)
	code, enhanced, text := readCodes(reply)
	if r.Code == 0 {
		r.Code = code
	}
	if !isEnhanced(r.Enhanced) || isGeneral(r.Enhanced) && enhanced != "" {
		r.Enhanced = enhanced
	}
	if r.Code < 200 || r.Code > 599 {
		r.Code = 0 // the relay's own numbers
	}
	r.Text = text
	r.Recipient = address(r.Recipient)
	r.RemoteMTA = host(r.RemoteMTA)
	r.MessageID, r.RelayID = identifier(r.MessageID), identifier(r.RelayID)
	r.ReturnPath = address(r.ReturnPath)
	if r.Kind == Permanent {
		r.AddressRefused = hard && isGeneral(r.Enhanced) && !wordsExcuse.MatchString(r.Text) || isAddressRefusal(r.Code, r.Enhanced, r.Text)
	}
	return r
}

// stamp reads a time as relays write it in JSON, or returns the zero time.
func stamp(s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return plausible(at)
}

// seconds reads a time in seconds since 1970, or returns the zero time.
func seconds(n float64) time.Time {
	if !(n > 0 && n < 1e11) {
		return time.Time{}
	}
	whole, part := math.Modf(n)
	return plausible(time.Unix(int64(whole), int64(part*1e3)*1e6))
}

// fresh checks that a time in seconds, as text, is not further from now than
// tolerance. The error is [ErrSignature].
func fresh(s string, now time.Time, tolerance time.Duration) error {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n < 0 || n > 1e11 || now.Sub(time.Unix(n, 0)).Abs() > tolerance {
		return ErrSignature
	}
	return nil
}
