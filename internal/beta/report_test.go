package beta_test

import (
	"errors"

	"pgregory.net/rapid"

	"tryout/internal/beta"
)

// entry is one line of a batch, as tests write it down.
type entry struct {
	Address string
	Result  beta.Result
	Reason  beta.Reason
}

// report returns the lines of a batch's report.
func (w *world) report(b beta.Batch) []entry {
	w.t.Helper()
	_, report, err := w.BatchReport(w.ctx, owner, b.Skill, b.ID)
	w.ok(err)
	var lines []entry
	for _, r := range report {
		lines = append(lines, entry{r.Email.Given, r.Result, r.Reason})
	}
	return lines
}

// failure is what a caller sees of an error: its kind and code, zero for none.
type failure struct {
	Kind beta.Kind
	Code string
}

var (
	fine         = failure{}
	isConflict   = failure{beta.Conflict, beta.CodePrecondition}
	isNotFound   = failure{beta.NotFound, beta.CodeNotFound}
	isForbidden  = failure{beta.Forbidden, beta.CodeForbidden}
	unauthorized = failure{beta.Unauthorized, beta.CodeUnauthorized}
)

func failureOf(err error) failure {
	var e *beta.Error
	switch {
	case err == nil:
		return fine
	case errors.As(err, &e):
		return failure{e.Kind, e.Code}
	}
	return failure{-1, err.Error()}
}

// wantFailure fails the test unless err is what the caller should see.
func wantFailure(t rapid.TB, what string, err error, want failure) {
	t.Helper()
	if got := failureOf(err); got != want {
		t.Errorf("%s: got %v (%v), want %v", what, got, err, want)
	}
}
