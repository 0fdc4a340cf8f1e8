package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"
)

// The answers of the API, as its clients pass them on.

type betaTest struct {
	Status           string `json:"status"`
	ExpiryDate       string `json:"expiryDate"`
	FeedbackEmail    string `json:"feedbackEmail"`
	InvitationURL    string `json:"invitationUrl"`
	InvitesRemaining int    `json:"invitesRemaining"`
}

type testerList struct {
	Testers     []tester `json:"testers"`
	IsTruncated bool     `json:"isTruncated"`
	NextToken   string   `json:"nextToken"`
}

type tester struct {
	EmailID           string `json:"emailId"`
	AssociationDate   string `json:"associationDate"`
	IsReminderAllowed bool   `json:"isReminderAllowed"`
	InvitationStatus  string `json:"invitationStatus"`
}

type vendorList struct {
	Vendors []struct {
		ID    string   `json:"id"`
		Name  string   `json:"name"`
		Roles []string `json:"roles"`
	} `json:"vendors"`
}

type skillList struct {
	Skills []struct {
		SkillID           string            `json:"skillId"`
		Stage             string            `json:"stage"`
		APIs              []string          `json:"apis"`
		PublicationStatus string            `json:"publicationStatus"`
		LastUpdated       string            `json:"lastUpdated"`
		NameByLocale      map[string]string `json:"nameByLocale"`
	} `json:"skills"`
	IsTruncated bool   `json:"isTruncated"`
	NextToken   string `json:"nextToken"`
}

type skillStatus struct {
	Manifest struct {
		LastUpdateRequest struct {
			Status string `json:"status"`
		} `json:"lastUpdateRequest"`
		ETag string `json:"eTag"`
	} `json:"manifest"`
}

type apiError struct {
	Message    string     `json:"message"`
	Code       string     `json:"code"`
	Violations []apiError `json:"violations"`
}

// unmarshal refuses members that the type does not have, and null for any.
func unmarshal(t *testing.T, text []byte, into any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var members any
	if err := errors.Join(dec.Decode(into), json.Unmarshal(text, &members)); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if hasNull(members) {
		t.Fatalf("a member is null, want it absent: %s", text)
	}
}

func hasNull(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		return slices.ContainsFunc(v, hasNull)
	case map[string]any:
		for _, member := range v {
			if hasNull(member) {
				return true
			}
		}
	}
	return false
}

// checkDate wants a date as SMAPI writes them, at most a minute away from the
// expected time.
func checkDate(t *testing.T, date string, want time.Time) {
	t.Helper()
	got, err := time.Parse("2006-01-02T15:04:05.000Z", date)
	if err != nil {
		t.Error(err)
	}
	if d := got.Sub(want).Abs(); d > time.Minute {
		t.Errorf("date %s is %v away from %v", date, d, want)
	}
}

// ids returns those of the list, sorted.
func (l skillList) ids() []string {
	var all []string
	for _, s := range l.Skills {
		all = append(all, s.SkillID)
	}
	slices.Sort(all)
	return all
}

// addresses returns those of the list, sorted.
func (l testerList) addresses() []string {
	var all []string
	for _, t := range l.Testers {
		all = append(all, t.EmailID)
	}
	slices.Sort(all)
	return all
}

// accepted returns the addresses whose invitation is accepted, sorted.
func (l testerList) accepted() []string {
	var those testerList
	for _, t := range l.Testers {
		if t.InvitationStatus == "ACCEPTED" {
			those.Testers = append(those.Testers, t)
		}
	}
	return those.addresses()
}
