package store

import (
	"math"

	"tryout/internal/beta"
)

const feedbackColumns = "test_id, number, seq, kind, rating, text, created_at"

func feedbackFrom(r row) beta.Feedback {
	return beta.Feedback{
		ID:   beta.MailID{Test: beta.TestID(r.int(0)), Tester: r.int(1), Seq: int(r.int(2))},
		Kind: beta.FeedbackKind(r.text(3)), Rating: int(r.int(4)), Text: r.text(5), At: at(r.int(6)),
	}
}

func (t tx) AddFeedback(f beta.Feedback) error {
	_, err := t.exec(`
		insert into feedback (test_id, number, seq, kind, rating, text, created_at)
		values ($1, $2, $3, $4, $5, $6, $7)`,
		f.ID.Test, f.ID.Tester, f.ID.Seq, f.Kind, f.Rating, f.Text, ms(f.At))
	return err
}

func (t tx) TesterFeedback(test beta.TestID, number int64) ([]beta.Feedback, error) {
	return t.feedback(`
		select `+feedbackColumns+`
		from feedback
		where test_id = $1 and number = $2
		order by seq`, test, number)
}

func (t tx) Feedback(test beta.TestID, after beta.FeedbackMark, limit int) ([]beta.Feedback, error) {
	from := ms(after.At)
	if after == (beta.FeedbackMark{}) {
		from = math.MaxInt64
	}
	return t.feedback(`
		select `+feedbackColumns+`
		from feedback
		where test_id = $1 + 0 and (created_at, number, seq) < ($2 + 0, $3 + 0, $4 + 0)
		order by created_at desc, number desc, seq desc
		limit $5 + 0`, test, from, after.Tester, after.Seq, limit)
}

func (t tx) feedback(sql string, args ...any) (list []beta.Feedback, err error) {
	err = t.query(func(r row) error {
		list = append(list, feedbackFrom(r))
		return nil
	}, sql, args...)
	return list, err
}
