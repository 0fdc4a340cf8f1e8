package smapi

import (
	"mime"
	"strings"

	"tryout/internal/beta"
)

// maxRounds is more than any skill has.
const maxRounds = 1 << 30

// feedback lists what testers wrote: a page in JSON, or all of it as CSV.
func (a *API) feedback(c *call) error {
	q := &query{values: c.query}
	p := beta.FeedbackPage{Round: q.integer("round", 0, maxRounds), Limit: q.maxResults(defaultResults, maxTesters)}
	if c.wantsCSV(q) {
		return a.feedbackCSV(c, q, p)
	}
	from := q.nextToken(a.Pages, feedbackScope(c.by, c.skill))
	p.Test = from.test
	if from.test != 0 {
		p.After, _ = beta.ParseFeedbackMark(from.after) // sealed: it is what we wrote
	}
	if q.wrong != nil {
		return a.refuse(c, q.wrong)
	}
	list, err := a.Service.ListFeedback(c.r.Context(), c.by, c.skill, p)
	if err != nil {
		return err
	}
	body := wireFeedbackList{Feedback: wireFeedbackOf(list.Feedback), IsTruncated: list.Next.Limit > 0}
	if body.IsTruncated {
		body.NextToken = a.Pages.token(feedbackScope(c.by, c.skill), mark{list.Next.Test, list.Next.After.String()})
	}
	return c.writeJSON(body)
}

func wireFeedbackOf(list []beta.Feedback) []wireFeedback {
	wire := make([]wireFeedback, len(list))
	for i, f := range list {
		wire[i] = wireFeedback{EmailID: f.Email.Given, Kind: f.Kind, Rating: f.Rating, Text: f.Text, Date: date(f.At)}
	}
	return wire
}

// wantsCSV reports whether the parameter format or, without it, the first type
// of Accept that we have is CSV.
func (c *call) wantsCSV(q *query) bool {
	c.w.Header().Set("Vary", "Accept")
	if list, given := q.values["format"]; given {
		if list[0] != "csv" && list[0] != "json" {
			q.blame(codeParameter, "format: must be json or csv")
		}
		return list[0] == "csv"
	}
	for kind := range strings.SplitSeq(strings.Join(c.r.Header.Values("Accept"), ","), ",") {
		switch kind, _, _ := mime.ParseMediaType(kind); kind {
		case "text/csv":
			return true
		case "application/json", "application/*", "*/*":
			return false
		}
	}
	return false
}
