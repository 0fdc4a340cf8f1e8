package beta

import "context"

// FeedbackPage says which feedback to list: up to Limit after a place, in the
// round with that number; a zero Round means the skill's newest.
type FeedbackPage struct {
	Round int
	Test  TestID // what an earlier page was of; zero for the first
	After FeedbackMark
	Limit int
}

// FeedbackList is a page of feedback, the newest first.
type FeedbackList struct {
	Feedback []Feedback
	Next     FeedbackPage // the page after it; its Limit is zero when this was the last
}

// ListFeedback returns what testers of a round wrote, the newest first, each
// with its author's address unless they were erased. What is there during a
// whole walk appears exactly once. A round that never was is [NotFound], a page
// of another round than it began in an [Invalid] error.
func (s *Service) ListFeedback(ctx context.Context, by Caller, id SkillID, p FeedbackPage) (FeedbackList, error) {
	var list FeedbackList
	err := s.read(ctx, by, id, func(r Reader, test Test) (err error) {
		list = FeedbackList{}
		if test, err = inRound(r, test, p.Round); err != nil {
			return err
		}
		if p.Test != 0 && p.Test != test.ID {
			return errEarlierRound
		}
		list.Feedback, err = r.Feedback(test.ID, p.After, p.Limit+1)
		if err != nil {
			return err
		}
		if len(list.Feedback) > p.Limit {
			list.Feedback = list.Feedback[:p.Limit]
			p.Test, p.After = test.ID, list.Feedback[p.Limit-1].Mark()
			list.Next = p
		}
		return addAuthors(r, test.ID, list.Feedback)
	})
	return list, err
}

// inRound returns the test of a round, given the newest.
func inRound(r Reader, newest Test, round int) (Test, error) {
	if round == 0 || round == newest.Round {
		return newest, nil
	}
	test, found, err := r.TestOfRound(newest.Skill, round)
	if err == nil && !found {
		err = notFound("The skill has no beta test of this round.")
	}
	return test, err
}

func addAuthors(r Reader, test TestID, list []Feedback) error {
	numbers := make([]int64, len(list))
	for i, f := range list {
		numbers[i] = f.ID.Tester
	}
	authors, err := r.Addresses(test, numbers)
	for i := range list {
		list[i].Email = authors[list[i].ID.Tester]
	}
	return err
}
