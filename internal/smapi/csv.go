package smapi

import (
	"encoding/csv"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"tryout/internal/beta"
	"tryout/internal/httpd"
)

// feedbackCSV writes all feedback of a round, page by page as it is read: no
// snapshot is held while a slow reader takes it.
func (a *API) feedbackCSV(c *call, q *query, p beta.FeedbackPage) error {
	if q.values.Has("maxResults") || q.values.Has("nextToken") {
		q.blame(codeParameter, "format: csv is the whole list, without maxResults or nextToken")
	}
	if q.wrong != nil {
		return a.refuse(c, q.wrong)
	}
	p.Limit = maxTesters
	list, err := a.Service.ListFeedback(c.r.Context(), c.by, c.skill, p)
	if err != nil {
		return err
	}
	if err := c.confirm(); err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="feedback.csv"`)
	w := csv.NewWriter(c.w)
	w.Write([]string{"date", "emailId", "kind", "rating", "text"})
	for {
		writeRows(w, list.Feedback)
		if list.Next.Limit == 0 || w.Error() != nil {
			return nil // what fails from here on is the connection
		}
		if err = c.identify(false); err == nil { // a slow reader may outlast the token
			list, err = a.Service.ListFeedback(c.r.Context(), c.by, c.skill, list.Next)
		}
		if err != nil {
			httpd.Note(c.r.Context(), slog.String("err", err.Error()))
			panic(http.ErrAbortHandler) // half a file must not look whole
		}
	}
}

func writeRows(w *csv.Writer, list []beta.Feedback) {
	for _, f := range list {
		rating := ""
		if f.Rating > 0 {
			rating = strconv.Itoa(f.Rating)
		}
		w.Write([]string{date(f.At), cell(f.Email.Given), string(f.Kind), rating, cell(f.Text)})
	}
	w.Flush()
}

// cell keeps a spreadsheet from taking a text for a formula: where one could
// begin, an apostrophe stands before it. One that was there already gets
// another, so that whoever takes the first away has the text as it was.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n'\uFF1D\uFF0B\uFF0D\uFF20", []rune(text)[0]) {
		return "'" + text
	}
	return text
}
