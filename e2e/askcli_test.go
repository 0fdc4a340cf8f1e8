package e2e_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// invited are the testers of the tests that tell a whole story.
var invited = []string{
	"ana@tester.test", "ben@tester.test", "cleo@tester.test", "dai@tester.test",
	"eve@tester.test", "finn@tester.test", "gus@tester.test",
}

func TestAskCLIRunsABetaTestFromDraftToEnd(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	vendor := s.createVendor(t, "Studio")
	skill := s.createSkill(t, vendor, "Space Facts")
	cli := newAsk(t, s, vendor, s.createToken(t, vendor))

	draftWithAskCLI(t, cli, skill)
	walkWithAskCLI(t, cli, skill)
	startWithAskCLI(t, cli, skill)
	acceptWithAskCLI(t, cli, skill)
	writeToTestersWithAskCLI(t, cli, skill)
	endWithAskCLI(t, cli, skill)

	// A stopped server sends nothing more: what has come by now is all.
	s.stop(t)
	want := map[string]int{
		"ana@tester.test": 3, // invited, asked for feedback, told of the end
		"ben@tester.test": 2, // invited, removed
		"hal@tester.test": 2, // invited, told of the end; as are the rest
	}
	for _, address := range invited[2:] {
		want[address] = 2
	}
	if got := s.relay.counts(); !maps.Equal(got, want) {
		t.Errorf("messages by address: got %v, want %v", got, want)
	}
}

// draftWithAskCLI creates a test, changes it and adds the testers.
func draftWithAskCLI(t *testing.T, cli ask, skill string) {
	t.Helper()
	cli.must(t, "create-beta-test", "-s", skill, "--feedback-email", "first@studio.test")
	var test betaTest
	cli.read(t, &test, "get-beta-test", "-s", skill)
	if test.Status != "IN_DRAFT" || test.FeedbackEmail != "first@studio.test" || test.ExpiryDate != "" || test.InvitesRemaining != 500 {
		t.Errorf("after create: got %+v", test)
	}
	cli.must(t, "update-beta-test", "-s", skill, "--feedback-email", "second@studio.test")
	// The blank after each comma is sent as part of the address.
	cli.must(t, "add-testers-to-beta-test", "-s", skill, "--testers-emails", strings.Join(invited, ", "))

	test = betaTest{}
	cli.read(t, &test, "get-beta-test", "-s", skill)
	if test.FeedbackEmail != "second@studio.test" || test.InvitesRemaining != 500-len(invited) {
		t.Errorf("after update and add: got %+v", test)
	}
}

// walkWithAskCLI reads the list page by page.
func walkWithAskCLI(t *testing.T, cli ask, skill string) {
	t.Helper()
	var all, page testerList
	cli.read(t, &page, "get-list-of-testers", "-s", skill, "--max-results", "3")
	for pages := 1; ; pages++ {
		all.Testers = append(all.Testers, page.Testers...)
		if page.IsTruncated != (page.NextToken != "") || len(page.Testers) > 3 || pages > 3 {
			t.Fatalf("page %d of three: got %+v", pages, page)
		}
		if !page.IsTruncated {
			break
		}
		next := page.NextToken
		page = testerList{}
		cli.read(t, &page, "get-list-of-testers", "-s", skill, "--max-results", "3", "--next-token", next)
	}
	if got := all.addresses(); !slices.Equal(got, invited) {
		t.Errorf("the walk found %q, want %q", got, invited)
	}
	for _, tester := range all.Testers {
		if tester.InvitationStatus != "NOT_ACCEPTED" || tester.IsReminderAllowed {
			t.Errorf("in a draft: got %+v", tester)
		}
		checkDate(t, tester.AssociationDate, time.Now())
	}
}

// startWithAskCLI starts the test, which invites everybody.
func startWithAskCLI(t *testing.T, cli ask, skill string) {
	t.Helper()
	notes := cli.must(t, "start-beta-test", "-s", skill)
	checkFollowUp(t, notes, skill)
	var test betaTest
	cli.read(t, &test, "get-beta-test", "-s", skill)
	if test.Status != "RUNNING" {
		t.Errorf("after start: got %+v", test)
	}
	checkDate(t, test.ExpiryDate, time.Now().AddDate(0, 0, 90))
	for _, address := range invited {
		cli.server.relay.await(t, address, 1)
	}
}

// checkFollowUp wants the command that ask-cli derives from the Location of a
// 202.
func checkFollowUp(t *testing.T, notes, skill string) {
	t.Helper()
	if want := "ask smapi get-beta-test --skill-id " + skill; !strings.Contains(notes, want) {
		t.Errorf("the CLI noted %q, want it to contain %q", notes, want)
	}
}

// acceptWithAskCLI has two testers accept: one of the draft, and one who is
// added now. To open the invitation is not to accept it.
func acceptWithAskCLI(t *testing.T, cli ask, skill string) {
	t.Helper()
	const early, late = "ana@tester.test", "hal@tester.test"
	cli.must(t, "add-testers-to-beta-test", "-s", skill, "--testers-emails", late)
	var visitors []*invitee
	for _, address := range []string{early, late} {
		link := cli.server.relay.await(t, address, 1).link(t, cli.server.url)
		visitors = append(visitors, follow(t, link))
	}
	var list testerList
	cli.read(t, &list, "get-list-of-testers", "-s", skill)
	if got := list.accepted(); len(got) > 0 {
		t.Errorf("accepted before anybody did: %q", got)
	}
	for _, visitor := range visitors {
		visitor.press(t, "Accept")
	}
	list = testerList{}
	cli.read(t, &list, "get-list-of-testers", "-s", skill)
	if got, want := list.accepted(), []string{early, late}; !slices.Equal(got, want) {
		t.Errorf("accepted: got %q, want %q", got, want)
	}
}

// writeToTestersWithAskCLI reminds, asks for feedback and removes. The reminder
// is not sent: the invitation went out only just now.
func writeToTestersWithAskCLI(t *testing.T, cli ask, skill string) {
	t.Helper()
	const accepted, removed = "ana@tester.test", "ben@tester.test"
	cli.must(t, "send-reminder-to-testers", "-s", skill, "--testers-emails", accepted+", "+removed)
	cli.must(t, "request-feedback-from-testers", "-s", skill, "--testers-emails", " "+accepted)
	cli.must(t, "remove-testers-from-beta-test", "-s", skill, "--testers-emails", removed)
	cli.server.relay.await(t, accepted, 2)
	cli.server.relay.await(t, removed, 2)

	var list testerList
	cli.read(t, &list, "get-list-of-testers", "-s", skill)
	if got := list.addresses(); slices.Contains(got, removed) || len(got) != len(invited) {
		t.Errorf("after the removal of %s: got %q", removed, got)
	}
}

// endWithAskCLI ends the test, which is told to everybody still in it.
func endWithAskCLI(t *testing.T, cli ask, skill string) {
	t.Helper()
	notes := cli.must(t, "end-beta-test", "-s", skill)
	checkFollowUp(t, notes, skill)
	var test betaTest
	cli.read(t, &test, "get-beta-test", "-s", skill)
	if test.Status != "ENDED" {
		t.Errorf("after end: got %+v", test)
	}
	cli.server.relay.await(t, "ana@tester.test", 3)
	for _, address := range append(invited[2:], "hal@tester.test") {
		cli.server.relay.await(t, address, 2)
	}
	cli.refused(t, 409, "add-testers-to-beta-test", "-s", skill, "--testers-emails", "ida@tester.test")
}

func TestAskCLIFindsVendorsAndSkills(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	vendor := s.createVendor(t, "Studio")
	names := map[string]string{}
	for _, name := range []string{"Space Facts", "Ocean Facts"} {
		names[s.createSkill(t, vendor, name)] = name
	}
	cli := newAsk(t, s, vendor, s.createToken(t, vendor))

	var vendors vendorList
	cli.read(t, &vendors, "get-vendor-list")
	if len(vendors.Vendors) != 1 || vendors.Vendors[0].ID != vendor || vendors.Vendors[0].Name != "Studio" {
		t.Errorf("vendors: got %+v", vendors)
	}

	var skills skillList
	cli.read(t, &skills, "list-skills-for-vendor")
	for _, skill := range skills.Skills {
		if skill.Stage != "development" || !slices.Contains(slices.Collect(maps.Values(skill.NameByLocale)), names[skill.SkillID]) {
			t.Errorf("skill %s: got %+v", names[skill.SkillID], skill)
		}
		delete(names, skill.SkillID)
	}
	if len(names) > 0 || skills.IsTruncated {
		t.Errorf("skills: got %+v, want also %v", skills, names)
	}

	var status skillStatus
	cli.read(t, &status, "get-skill-status", "-s", skills.Skills[0].SkillID)
	if got := status.Manifest.LastUpdateRequest.Status; got != "SUCCEEDED" {
		t.Errorf("status of the manifest: got %q", got)
	}
}

func TestAskCLIShowsWhatWasRefused(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	vendor := s.createVendor(t, "Studio")
	owner := newAsk(t, s, vendor, s.createToken(t, vendor))
	reader := newAsk(t, s, vendor, s.createToken(t, vendor, "--scope", "alexa::ask:skills:read"))
	forger := newAsk(t, s, vendor, "Atza|forged")
	rival := s.createVendor(t, "Rival")
	stranger := newAsk(t, s, rival, s.createToken(t, rival))

	// What is only preparation the SDK does in no time.
	prepare := startSDK(t, s, owner.token)
	draft, running, full := s.createSkill(t, vendor, "Draft"), s.createSkill(t, vendor, "Running"), s.createSkill(t, vendor, "Full")
	for _, skill := range []string{draft, running, full} {
		prepare.must(t, 201, locationOf(skill), "callCreateBetaTestV1", skill)
	}
	prepare.must(t, 202, locationOf(running), "callStartBetaTestV1", running)
	prepare.must(t, 204, "", "callAddTestersToBetaTestV1", full, testersNamed(addresses(500)...))

	tests := []struct {
		name   string
		cli    ask
		args   []string
		status int
		code   string
	}{
		{"unknown skill", owner, []string{"get-beta-test", "-s", "amzn1.ask.skill.none"}, 404, "RESOURCE_NOT_FOUND"},
		{"another vendor's skill", stranger, []string{"get-beta-test", "-s", draft}, 401, "UNAUTHORIZED"},
		{"forged token", forger, []string{"get-beta-test", "-s", draft}, 401, "UNAUTHORIZED"},
		{"scope too small", reader, []string{"add-testers-to-beta-test", "-s", draft, "--testers-emails", "a@tester.test"}, 403, "OPERATION_NOT_ALLOWED"},
		{"started twice", owner, []string{"start-beta-test", "-s", running}, 409, "PRECONDITION_NOT_MET"},
		{"over the cap", owner, []string{"add-testers-to-beta-test", "-s", full, "--testers-emails", "a@tester.test"}, 409, "PRECONDITION_NOT_MET"},
		{"501 addresses", owner, []string{"add-testers-to-beta-test", "-s", draft, "--testers-emails", strings.Join(addresses(501), ",")}, 400, "INVALID_ARRAY_SIZE"},
		{"not an address", owner, []string{"add-testers-to-beta-test", "-s", draft, "--testers-emails", "a@tester.test,nobody"}, 400, "INVALID_STRING_PATTERN"},
		{"empty address", owner, []string{"add-testers-to-beta-test", "-s", draft, "--testers-emails", ""}, 400, "INVALID_STRING_LENGTH"},
		{"page size no number", owner, []string{"get-list-of-testers", "-s", draft, "--max-results", "many"}, 400, "INVALID_INTEGER_VALUE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := tt.cli.refused(t, tt.status, tt.args...)
			if got.Code != tt.code || got.Message == "" {
				t.Errorf("got %+v, want code %s and a message", got, tt.code)
			}
			if (tt.status == 400) != (len(got.Violations) > 0) {
				t.Errorf("got %+v, want violations for a 400 and only then", got)
			}
		})
	}
	t.Run("but the smaller scope may read", func(t *testing.T) {
		t.Parallel()
		var test betaTest
		reader.read(t, &test, "get-beta-test", "-s", draft)
	})
}

// addresses returns n different ones.
func addresses(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("t%d@tester.test", i))
	}
	return all
}
