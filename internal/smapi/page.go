package smapi

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"tryout/internal/beta"
)

// Pages makes and reads nextTokens: sealed (AES-256-GCM), so that a token
// neither shows an address to a proxy's log nor can be made up; bound to the
// list, vendor and skill it was made for; and good for 24 hours.
type Pages struct {
	seal cipher.AEAD
	now  func() time.Time
}

const (
	pageLife     = 24 * time.Hour
	maxPageToken = 2047
	pagePrefix   = "p" // a token that began with "-V" ask-cli would take for an option of its own
)

// NewPages returns Pages that seal with key, 32 bytes.
func NewPages(key []byte, now func() time.Time) (Pages, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return Pages{}, err
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	return Pages{seal, now}, err
}

// mark is where a list goes on.
type mark struct {
	test  beta.TestID // zero for lists that are not of a test
	after string
}

// token seals m for the list that scope names.
func (p Pages) token(scope string, m mark) string {
	return string(p.appendToken(nil, scope, m))
}

func (p Pages) appendToken(b []byte, scope string, m mark) []byte {
	size := 16 + len(m.after)
	room := make([]byte, 0, len(scope)+2*size+p.seal.Overhead())
	bound := append(room, scope...)
	text := binary.BigEndian.AppendUint64(bound[len(bound):], uint64(p.now().UnixMilli()))
	text = binary.BigEndian.AppendUint64(text, uint64(m.test))
	text = append(text, m.after...)
	sealed := p.seal.Seal(text[size:], nil, text, bound)
	return base64.RawURLEncoding.AppendEncode(append(b, pagePrefix...), sealed)
}

// parse reads what token sealed. Its errors are violations.
func (p Pages) parse(scope, token string) (mark, error) {
	if token == "" || len(token) > maxPageToken {
		return mark{}, beta.Violation{Code: beta.CodeLength, Message: "nextToken: must have 1 to 2047 characters"}
	}
	encoded, ours := strings.CutPrefix(token, pagePrefix)
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if !ours || err != nil || strings.ContainsAny(token, "\r\n") { // base64 reads over line breaks
		return mark{}, errPageToken
	}
	text, err := p.seal.Open(nil, nil, sealed, []byte(scope))
	if err != nil || len(text) < 16 {
		return mark{}, errPageToken
	}
	made := time.UnixMilli(int64(binary.BigEndian.Uint64(text)))
	if p.now().Sub(made) > pageLife {
		return mark{}, beta.Violation{Code: codeExpired, Message: "nextToken: older than 24 hours; begin the list anew"}
	}
	return mark{beta.TestID(binary.BigEndian.Uint64(text[8:])), string(text[16:])}, nil
}

var errPageToken = beta.Violation{Code: codeParameter, Message: "nextToken: not one that this list gave out"}

// testersScope binds a token to the testers of one skill of one vendor; the
// length keeps the two names apart.
func testersScope(by beta.Caller, id beta.SkillID) string {
	return "testers " + strconv.Itoa(len(by.Vendor)) + " " + string(by.Vendor) + " " + string(id)
}

// feedbackScope is testersScope for what they wrote.
func feedbackScope(by beta.Caller, id beta.SkillID) string {
	return "feedback" + strings.TrimPrefix(testersScope(by, id), "testers")
}

func skillsScope(by beta.Caller) string { return "skills " + string(by.Vendor) }
