package foreign_test

import (
	"testing"

	"tryout/internal/foreign"
)

func TestRulesAreReadOrRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]foreign.Rule{
		"owner:V1:sub=x":                         {Part: "owner", Vendor: "V1", Claim: "sub", Value: "x"},
		"editor:M2:groups=a=b:c":                 {Part: "editor", Vendor: "M2", Claim: "groups", Value: "a=b:c"},
		"viewer:a%3Ab:groups=CN=x%2COU=y 100%25": {Part: "viewer", Vendor: "a:b", Claim: "groups", Value: "CN=x,OU=y 100%"},
		"viewer:V1:https://x.example/roles=beta": {Part: "viewer", Vendor: "V1", Claim: "https://x.example/roles", Value: "beta"},
		"viewer:V1:email= ANN@Example.com":       {Part: "viewer", Vendor: "V1", Claim: "email", Value: "ann@example.com"},
	} {
		if got, err := foreign.ParseRule(text); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "owner", "owner:V1", "owner:V1:", "owner:V1:sub", "owner:V1:sub=", "owner:V1:=x", "owner::sub=x", "admin:V1:sub=x", "Owner:V1:sub=x",
		" owner:V1:sub=x", "owner:V1:sub=%", "owner:%zz:sub=x", "owner:V1:email=ann", "owner:V1:email=",
	} {
		if got, err := foreign.ParseRule(text); err == nil {
			t.Errorf("%q: got %+v, want it refused", text, got)
		}
	}
}

func TestARuleFitsWhatIsSaidAndNothingLikeIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule string
		said object
		want bool
	}{
		{"groups=beta", object{"groups": []string{"staff", "beta"}}, true},
		{"groups=beta", object{"groups": "beta"}, true},
		{"groups=beta", object{"groups": "staff beta"}, false},
		{"groups=beta", object{"groups": []string{"Beta"}}, false},
		{"groups=beta", object{"groups": []any{[]string{"beta"}}}, false},
		{"groups=beta", object{"groups": object{"beta": true}}, false},
		{"groups=1", object{"groups": 1}, false},
		{"groups=true", object{"groups": true}, false},
		{"scope=beta:write", object{"scope": "openid beta:write"}, true},
		{"scope=beta", object{"scope": "openid beta:write"}, false},
		{"scp=beta", object{"scp": "openid beta"}, true},
		{"scp=beta", object{"scp": []string{"openid", "beta"}}, true},
		{"realm_access.roles=beta", object{"realm_access": object{"roles": []string{"beta"}}}, true},
		{"resource_access.tryout.roles=beta", object{"resource_access": object{"tryout": object{"roles": []string{"beta"}}}}, true},
		{"realm_access.roles=beta", object{"realm_access": "roles"}, false},
		{"realm_access=beta", object{"realm_access": object{"roles": []string{"beta"}}}, false},
		{"https://x.example/roles=beta", object{"https://x.example/roles": []string{"beta"}}, true},
		{"email=ann@example.com", object{"email": "ANN@example.com", "email_verified": true}, true},
		{"email=ann@example.com", object{"email": "ann@example.com", "email_verified": "true"}, true},
		{"email=ann@example.com", object{"email": "ann@example.com", "email_verified": false}, false},
		{"email=ann@example.com", object{"email": "ann@example.com", "email_verified": nil}, false},
		{"email=ann@example.com", object{"email": "ann@example.com", "email_verified": 1}, false},
		{"email=ann@example.com", object{"email": []string{"ann@example.com"}, "email_verified": true}, false},
	} {
		s := newSite(t, "viewer:V1:"+c.rule)
		said := object{"email": nil, "groups": nil}
		for name, value := range c.said {
			said[name] = value
		}
		s.want(c.rule+" of "+encode(t, c.said), s.token(said), map[bool]string{true: "viewer of V1", false: "401"}[c.want])
	}
}
