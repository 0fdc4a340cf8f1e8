package e2e_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSDKRunsABetaTestFromDraftToEnd(t *testing.T) {
	t.Parallel()
	s := startServer(t, "--remind-every", "1ms")
	vendor := s.createVendor(t, "Studio")
	skill := s.createSkill(t, vendor, "Space Facts")
	client := startSDK(t, s, s.createToken(t, vendor))
	location := locationOf(skill)

	client.must(t, 201, location, "callCreateBetaTestV1", skill, map[string]string{"feedbackEmail": "first@studio.test"})
	client.must(t, 204, "", "callUpdateBetaTestV1", skill, map[string]string{"feedbackEmail": "second@studio.test"})
	client.must(t, 204, "", "callAddTestersToBetaTestV1", skill, testersNamed(invited...))
	walkWithSDK(t, client, skill)

	client.must(t, 202, location, "callStartBetaTestV1", skill)
	var test betaTest
	client.read(t, &test, "callGetBetaTestV1", skill)
	if test.Status != "RUNNING" || test.FeedbackEmail != "second@studio.test" || test.InvitesRemaining != 500-len(invited) {
		t.Errorf("after start: got %+v", test)
	}
	checkDate(t, test.ExpiryDate, time.Now().AddDate(0, 0, 90))

	link := s.relay.await(t, invited[0], 1).link(t, s.url)
	follow(t, link).press(t, "Accept")
	var testers testerList
	client.read(t, &testers, "callGetListOfTestersV1", skill)
	if got := testers.accepted(); !slices.Equal(got, invited[:1]) {
		t.Errorf("accepted: got %q, want %q", got, invited[:1])
	}

	client.must(t, 204, "", "callSendReminderToTestersV1", skill, testersNamed(invited...))
	for _, address := range invited {
		s.relay.await(t, address, 2)
	}
	client.must(t, 204, "", "callRequestFeedbackFromTestersV1", skill, testersNamed(invited[0]))
	s.relay.await(t, invited[0], 3)
	client.must(t, 204, "", "callRemoveTestersFromBetaTestV1", skill, testersNamed(invited[1]))
	s.relay.await(t, invited[1], 3)

	client.must(t, 202, location, "callEndBetaTestV1", skill)
	s.relay.await(t, invited[2], 3)
	client.refused(t, 409, "PRECONDITION_NOT_MET", "callStartBetaTestV1", skill)
}

// walkWithSDK reads the list page by page.
func walkWithSDK(t *testing.T, client *sdk, skill string) {
	t.Helper()
	var all, page testerList
	client.read(t, &page, "callGetListOfTestersV1", skill, nil, 3)
	for len(all.Testers) < len(invited) && page.IsTruncated {
		all.Testers = append(all.Testers, page.Testers...)
		next := page.NextToken
		page = testerList{}
		client.read(t, &page, "callGetListOfTestersV1", skill, next, 3)
	}
	all.Testers = append(all.Testers, page.Testers...)
	if got := all.addresses(); !slices.Equal(got, invited) || page.NextToken != "" {
		t.Errorf("the walk found %q, want %q; the last page is %+v", got, invited, page)
	}
}

func TestSDKFindsVendorsAndSkills(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	vendor := s.createVendor(t, "Studio")
	skills := []string{s.createSkill(t, vendor, "Space Facts"), s.createSkill(t, vendor, "Ocean Facts")}
	slices.Sort(skills)
	client := startSDK(t, s, s.createToken(t, vendor))

	var vendors vendorList
	client.read(t, &vendors, "callGetVendorListV1")
	if len(vendors.Vendors) != 1 || vendors.Vendors[0].ID != vendor {
		t.Errorf("vendors: got %+v", vendors)
	}
	var first, second, named skillList
	client.read(t, &first, "callListSkillsForVendorV1", vendor, nil, 1)
	client.read(t, &second, "callListSkillsForVendorV1", vendor, first.NextToken, 1)
	client.read(t, &named, "callListSkillsForVendorV1", vendor, nil, nil, skills)
	if !first.IsTruncated || second.IsTruncated {
		t.Errorf("skills on two pages: got %+v, then %+v", first, second)
	}
	first.Skills = append(first.Skills, second.Skills...)
	if got := first.ids(); !slices.Equal(got, skills) {
		t.Errorf("skills on two pages: got %q, want %q", got, skills)
	}
	if got := named.ids(); !slices.Equal(got, skills) {
		t.Errorf("skills by id: got %q, want %q", got, skills)
	}
	var status skillStatus
	client.read(t, &status, "callGetSkillStatusV1", skills[0], []string{"manifest", "interactionModel"})
	if got := status.Manifest.LastUpdateRequest.Status; got != "SUCCEEDED" {
		t.Errorf("status of the manifest: got %q", got)
	}
}

func TestSDKReachesASkillWhateverItsID(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	vendor := s.createVendor(t, "Studio")
	client := startSDK(t, s, s.createToken(t, vendor))
	for _, id := range []string{"a/b", "50% off, 1+1=2?", "fête|日本", strings.Repeat("x", 255)} {
		skill := s.createSkill(t, vendor, "Space Facts", "--id", id)
		client.must(t, 201, locationOf(skill), "callCreateBetaTestV1", skill)
		var test betaTest
		client.read(t, &test, "callGetBetaTestV1", skill)
	}
}

func TestSDKThrowsWhatWasRefused(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	vendor := s.createVendor(t, "Studio")
	skill := s.createSkill(t, vendor, "Space Facts")

	owner := startSDK(t, s, s.createToken(t, vendor))
	owner.refused(t, 404, "RESOURCE_NOT_FOUND", "callGetBetaTestV1", "amzn1.ask.skill.none")
	owner.refused(t, 404, "RESOURCE_NOT_FOUND", "callGetBetaTestV1", skill)
	owner.must(t, 201, locationOf(skill), "callCreateBetaTestV1", skill)
	owner.refused(t, 409, "PRECONDITION_NOT_MET", "callCreateBetaTestV1", skill)
	owner.refused(t, 409, "PRECONDITION_NOT_MET", "callSendReminderToTestersV1", skill, testersNamed("a@tester.test"))
	owner.refused(t, 400, "INVALID_INTEGER_VALUE", "callGetListOfTestersV1", skill, nil, 501)
	owner.refused(t, 400, "INVALID_REQUEST_PARAMETER", "callGetListOfTestersV1", skill, "forged")
	owner.refused(t, 400, "INVALID_ARRAY_SIZE", "callAddTestersToBetaTestV1", skill, testersNamed())
	owner.refused(t, 400, "MISSING_REQUIRED_PROPERTY", "callAddTestersToBetaTestV1", skill, map[string]any{})

	reader := startSDK(t, s, s.createToken(t, vendor, "--scope", "alexa::ask:skills:read"))
	reader.refused(t, 403, "OPERATION_NOT_ALLOWED", "callStartBetaTestV1", skill)

	rival := s.createVendor(t, "Rival")
	stranger := startSDK(t, s, s.createToken(t, rival))
	stranger.refused(t, 401, "UNAUTHORIZED", "callGetBetaTestV1", skill)

	forger := startSDK(t, s, "Atza|forged")
	forger.refused(t, 401, "UNAUTHORIZED", "callGetBetaTestV1", skill)
}

// locationOf returns what the API names as the place of the skill's test.
func locationOf(skill string) string {
	return "/v1/skills/" + url.PathEscape(skill) + "/betaTest"
}

// testersNamed returns what the SDK calls a TestersList.
func testersNamed(addresses ...string) any {
	testers := []map[string]string{}
	for _, a := range addresses {
		testers = append(testers, map[string]string{"emailId": a})
	}
	return map[string]any{"testers": testers}
}
