package beta

import (
	"context"
	"regexp"
	"strings"
)

// Language is what somebody is written to in: a BCP 47 tag such as "de",
// "de-AT" or "zh-Hant". Empty means that nobody chose.
type Language string

var languages = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$`)

// ParseLanguage reads a tag, written as BCP 47 writes it: a language, and perhaps
// a script and a region. The error is a [Violation]. Empty is the empty Language.
func ParseLanguage(s string) (Language, error) {
	if s != "" && !languages.MatchString(s) {
		return "", Violation{CodePattern, "must be a language tag such as de, de-AT or zh-Hant"}
	}
	return Language(s), nil
}

// Base returns the language without its last part, "de" for "de-AT"; empty when
// nothing is left.
func (l Language) Base() Language {
	i := strings.LastIndexByte(string(l), '-')
	return l[:max(i, 0)]
}

// SetLanguage says what testers without a language of their own are written to
// in, in this round and, until it is changed, the next. Empty means English.
func (s *Service) SetLanguage(ctx context.Context, by Caller, id SkillID, l Language) error {
	_, err := s.change(ctx, by, id, OpUpdate, []Status{InDraft, Running}, func(c *change) error {
		c.test.Language = l
		return nil
	})
	return err
}

// language returns what a mail is written in: its recipient's, else the test's.
// Who was removed had one too.
func (s *Service) language(r Reader, m Mail, inv Invitation) (Language, error) {
	chosen := inv.Tester.Language
	if m.Kind == RemovedMail {
		former, err := r.Former(m.ID.Test, m.To.Key)
		if err != nil {
			return "", err
		}
		for _, f := range former {
			if f.Number == m.ID.Tester {
				chosen = f.Language
			}
		}
	}
	if chosen == "" {
		chosen = inv.Test.Language
	}
	return chosen, nil
}
