package smapi

import (
	"slices"

	"tryout/internal/beta"
)

// SMAPI's limits of a page of skills, and of skills asked for by id.
const (
	maxSkills   = 50
	maxSkillIDs = 10
)

func (a *API) vendors(c *call) error {
	v, err := a.Service.Vendor(c.r.Context(), c.by)
	if err != nil {
		return err
	}
	return c.writeJSON(wireVendors{[]wireVendor{{ID: v.ID, Name: v.Name, Roles: roles(c.by)}}})
}

func roles(by beta.Caller) []string {
	if by.Write {
		return []string{"ROLE_DEVELOPER"}
	}
	return []string{"ROLE_ANALYST"}
}

func (a *API) skills(c *call) error {
	q := &query{values: c.query}
	vendor := beta.VendorID(q.name("vendorId"))
	if ids, some := q.values["skillId"]; some {
		return a.someSkills(c, q, vendor, ids)
	}
	limit := q.maxResults(maxSkills, maxSkills)
	from := q.nextToken(a.Pages, skillsScope(c.by))
	if q.wrong != nil {
		return invalid(q.wrong.orNil())
	}
	list, err := a.Service.Skills(c.r.Context(), c.by, vendor, beta.SkillID(from.after), limit+1)
	if err != nil {
		return err
	}
	body := wireSkills{IsTruncated: len(list) > limit}
	if body.IsTruncated {
		list = list[:limit]
		body.NextToken = a.Pages.token(skillsScope(c.by), mark{after: string(list[limit-1].ID)})
	}
	body.Skills = wireSkillList(list)
	return c.writeJSON(body)
}

// someSkills answers for skills named one by one, which SMAPI does not mix with
// paging. Those that are not there are left out.
func (a *API) someSkills(c *call, q *query, vendor beta.VendorID, ids []string) error {
	if len(ids) > maxSkillIDs || q.values.Has("maxResults") || q.values.Has("nextToken") {
		q.blame(codeParameter, "skillId: at most 10, and without maxResults or nextToken")
	}
	if q.wrong != nil {
		return invalid(q.wrong.orNil())
	}
	list, err := a.Service.SomeSkills(c.r.Context(), c.by, vendor, ids)
	if err != nil {
		return err
	}
	return c.writeJSON(wireSkills{Skills: wireSkillList(list)})
}

func wireSkillList(list []beta.Skill) []wireSkill {
	wire := make([]wireSkill, len(list))
	for i, s := range list {
		wire[i] = wireSkill{
			SkillID: s.ID, Stage: "development", APIs: []string{"custom"},
			PublicationStatus: "DEVELOPMENT", LastUpdated: date(s.CreatedAt),
			NameByLocale: map[string]string{"en-US": s.Name},
		}
	}
	return wire
}

// skillStatus tells of the manifest alone, and that it is fine: Tryout builds
// nothing. A caller may ask for some resources only.
func (a *API) skillStatus(c *call) error {
	if _, err := a.Service.Skill(c.r.Context(), c.by, c.skill); err != nil {
		return err
	}
	var body wireSkillStatus
	if asked, some := c.query["resource"]; !some || slices.Contains(asked, "manifest") {
		body.Manifest = &wireManifest{wireUpdate{"SUCCEEDED"}}
	}
	return c.writeJSON(body)
}

func (a *API) entitlement(c *call) error {
	email, wrong := c.email()
	if wrong != nil {
		return a.refuse(c, wrong)
	}
	entitled, err := a.Service.Entitled(c.r.Context(), c.by, c.skill, email)
	if err != nil {
		return err
	}
	return c.write(entitlements[entitled])
}

// entitlements are the two answers to who may use a skill.
var entitlements = map[bool][]byte{true: []byte(`{"entitled":true}`), false: []byte(`{"entitled":false}`)}

func (a *API) batch(c *call) error {
	batch, report, err := a.Service.BatchReport(c.r.Context(), c.by, c.skill, c.args[0])
	if err != nil {
		return err
	}
	body := wireBatch{
		ID: batch.ID, Operation: batch.Operation, At: date(batch.At),
		By: batch.By, RequestID: batch.RequestID, Entries: make([]wireEntry, len(report)),
	}
	for i, e := range report {
		body.Entries[i] = wireEntry{EmailID: e.Email.Given, Result: e.Result, Reason: e.Reason, Mail: e.Mail.State, Refusal: e.Mail.Refusal}
	}
	return c.writeJSON(body)
}
