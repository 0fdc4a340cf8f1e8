package foreign_test

import (
	"slices"
	"strings"
	"testing"
)

// amazonToken is a good token of ann's at client.one.
func (s *site) amazonToken() string {
	s.amazon.says("/auth/o2/tokeninfo", 200, `{"iss":"https://www.amazon.com","user_id":"amzn1.account.ANN","aud":"client.one","app_id":"amzn1.application.x","exp":3597,"iat":1}`)
	s.amazon.says("/user/profile", 200, `{"user_id":"amzn1.account.ANN","name":"Ann","email":"ann@example.com","postal_code":"1"}`)
	return "Atza|" + strings.Repeat("Iw", 200)
}

func TestATokenOfAmazonsActsForWhomTheRulesSay(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{
		"owner:V1:user_id=amzn1.account.ANN": "owner of V1", "editor:V2:email=ANN@example.com": "editor of V2",
		"owner:V1:user_id=amzn1.account.BOB": "401", "owner:V1:email=bob@example.com": "401",
	} {
		s := newSite(t, rule)
		token := s.amazonToken() + "+%&|"
		s.want(rule, token, want)
		want := []string{
			"GET /auth/o2/tokeninfo?access_token=Atza%7C" + strings.Repeat("Iw", 200) + "%2B%25%26%7C ",
			"GET /user/profile Bearer " + token,
		}
		if !slices.Equal(s.amazon.asked, want) {
			t.Errorf("Amazon was asked\n%q, want\n%q", s.amazon.asked, want)
		}
	}
}

func TestATokenOfAmazonsForSomebodyElseIsUnauthorizedAndItsOwnerNotAskedFor(t *testing.T) {
	t.Parallel()
	for name, info := range map[string]string{
		"another client's": `{"user_id":"amzn1.account.ANN","aud":"client.three","exp":3597}`,
		"nobody's":         `{"user_id":"amzn1.account.ANN","exp":3597}`,
		"a part of ours":   `{"user_id":"amzn1.account.ANN","aud":"client","exp":3597}`,
		"over":             `{"user_id":"amzn1.account.ANN","aud":"client.one","exp":0}`,
		"over long ago":    `{"user_id":"amzn1.account.ANN","aud":"client.one","exp":-5}`,
	} {
		s := newSite(t, "owner:V1:user_id=amzn1.account.ANN")
		token := s.amazonToken()
		s.amazon.says("/auth/o2/tokeninfo", 200, info)
		s.want("a token that is "+name, token, "401")
		if got := s.amazon.count(); got != 1 {
			t.Errorf("a token that is %s: Amazon was asked %d times, want once", name, got)
		}
	}
}

func TestWhatAmazonRefusesIsUnauthorized(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/auth/o2/tokeninfo", "/user/profile"} {
		for body, status := range map[string]int{`{"error":"invalid_token","error_description":"x"}`: 400, `{"error":"invalid_token"}`: 401, `{"error":"invalid_request"}`: 400} {
			s := newSite(t, "owner:V1:user_id=amzn1.account.ANN")
			token := s.amazonToken()
			s.amazon.says(path, status, body)
			s.want(body+" at "+path, token, "401")
		}
	}
}

func TestATokenThatMayNotSeeTheProfileCountsByWhoseItIs(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]string{"owner:V1:user_id=amzn1.account.ANN": "owner of V1", "owner:V1:email=ann@example.com": "401"} {
		s := newSite(t, rule)
		token := s.amazonToken()
		s.amazon.says("/user/profile", 403, `{"error":"insufficient_scope","email":"ann@example.com"}`)
		s.want(rule, token, want)
	}
}

func TestAProfileOfAnotherPersonIsNotBelieved(t *testing.T) {
	t.Parallel()
	s := newSite(t, "owner:V1:email=ann@example.com", "owner:V1:user_id=amzn1.account.BOB")
	token := s.amazonToken()
	s.amazon.says("/auth/o2/tokeninfo", 200, `{"user_id":"amzn1.account.BOB","aud":"client.one","exp":3597}`)
	s.want("another's profile", token, "401")
}
