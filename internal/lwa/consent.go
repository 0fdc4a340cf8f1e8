package lwa

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"time"

	"tryout/internal/beta"
)

// Pages show people what this package has to say.
type Pages interface {
	// Consent asks a person whether a client may act for them.
	Consent(w http.ResponseWriter, r *http.Request, c Consent) error
	// Refused says that something cannot be done, and why.
	Refused(w http.ResponseWriter, r *http.Request, why Refusal)
}

// Consent is what the page asks. Its form is posted to Action with the fields
// ticket, vendor (a Choice's) and answer: "allow", or anything else for no.
type Consent struct {
	Client  Client
	Person  Person
	Choices []Choice // at least one
	Action  string
	Ticket  string
	Target  string // where the answer leads, as a source in a Content-Security-Policy
}

// Choice is a vendor that the client could act for, and what it may do there.
type Choice struct {
	Vendor beta.Vendor
	Scope  string
}

// Write reports whether the client could change things, not only read.
func (c Choice) Write() bool { return allows(c.Scope, ScopeWrite) }

// choices are the vendors that a person can let the client act for: the
// client's own or, if it has none, any in which they have a part.
func (req request) choices(person Person) (list []Choice) {
	for _, role := range person.Roles {
		scope := within(req.scope, role.Part.scope())
		if scope != "" && (req.client.Vendor == "" || req.client.Vendor == role.Vendor.ID) {
			list = append(list, Choice{role.Vendor, scope})
		}
	}
	return list
}

// ask shows the page on which a person answers.
func (s *Server) ask(w http.ResponseWriter, r *http.Request, req request, person Person, session string) error {
	choices := req.choices(person)
	if len(choices) == 0 {
		return s.sendBack(w, r, req, errNoPart)
	}
	return s.Pages.Consent(w, r, Consent{
		Client: req.client, Person: person, Choices: choices,
		Action: authorizePath + "?" + req.query,
		Ticket: s.ticket(person.ID, session, req.query, s.Access.Now()),
		Target: formTarget(req.redirect),
	})
}

// ticketLife is how long a page waits for its answer.
const ticketLife = time.Hour

// ticket proves that an answer was given on the page that asked: only this
// person's browser was ever shown it, in this sign-in, for this request.
func (s *Server) ticket(person, session, query string, at time.Time) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli()))
	mac := hmac.New(sha256.New, s.Key)
	fmt.Fprintf(mac, "%x %q %q %q", b, person, session, query)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(b))
}

func (s *Server) isTicket(ticket, person, session, query string) bool {
	b, err := base64.RawURLEncoding.DecodeString(ticket)
	if err != nil || len(b) != 8+sha256.Size {
		return false
	}
	at := time.UnixMilli(int64(binary.BigEndian.Uint64(b)))
	age := s.Access.Now().Sub(at)
	return hmac.Equal([]byte(ticket), []byte(s.ticket(person, session, query, at))) && age >= 0 && age < ticketLife
}
