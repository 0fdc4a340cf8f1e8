package beta_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"tryout/internal/beta"
	"tryout/internal/storetest"
)

func TestSkillIDsAreOneTo255CharactersOfText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, code string }{
		{"a usual one", "amzn1.ask.skill.f1d2-3c", ""},
		{"a slash", "a/b", ""},
		{"dots", "..", ""},
		{"a space", " ", ""},
		{"255 octets", strings.Repeat("a", 255), ""},
		{"255 characters of two octets", strings.Repeat("\u00e9", 255), ""},
		{"255 characters of four octets", strings.Repeat("\U0001f600", 255), ""},
		{"empty", "", beta.CodeLength},
		{"256 octets", strings.Repeat("a", 256), beta.CodeLength},
		{"256 characters of two octets", strings.Repeat("\u00e9", 256), beta.CodeLength},
		{"nul", "a\x00b", beta.CodePattern},
		{"line break", "a\r\nb", beta.CodePattern},
		{"delete", "a\x7f", beta.CodePattern},
		{"next line", "a\u0085b", beta.CodePattern},
		{"bad UTF-8", "a\xffb", beta.CodePattern},
		{"a surrogate", "\xed\xa0\x80", beta.CodePattern},
		{"long and bad UTF-8", strings.Repeat("\xff", 300), beta.CodePattern},
	} {
		id, err := beta.ParseSkillID(c.in)
		if c.code == "" {
			if err != nil || string(id) != c.in {
				t.Errorf("%s: %q: got %q, %v, want it as it is", c.name, c.in, id, err)
			}
			continue
		}
		if v, is := err.(beta.Violation); !is || v.Code != c.code || id != "" {
			t.Errorf("%s: %q: got %q, %v, want %s", c.name, c.in, id, err, c.code)
		}
	}
}

func TestATestIDIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, id := range []beta.TestID{1, 35, 36, 1 << 40, math.MaxInt64, beta.NewTestID(storetest.Start)} {
		if got, ok := beta.ParseTestID(id.String()); got != id || !ok {
			t.Errorf("%s: got %d, %v, want %d", id, got, ok, id)
		}
	}
	for _, text := range []string{"", "0", "-1", "01", "+1", "A", "1_0", " 1", "1 ", "1.0", "zzzzzzzzzzzzzz", "\u0661"} {
		if id, ok := beta.ParseTestID(text); ok {
			t.Errorf("%q: got %d, want it refused", text, id)
		}
	}
}

func TestIDsSortByTheTimeTheyWereMade(t *testing.T) {
	t.Parallel()
	times := []time.Time{time.UnixMilli(0), storetest.Start, storetest.Start.Add(time.Millisecond), storetest.Start.AddDate(1, 0, 0), storetest.Start.AddDate(80, 0, 0)}
	var ids []string
	var testIDs []beta.TestID
	for _, now := range times {
		ids = append(ids, beta.NewID(now))
		testIDs = append(testIDs, beta.NewTestID(now))
	}
	if !slices.IsSorted(ids) || !slices.IsSorted(testIDs) {
		t.Errorf("made at %v: got %q and %v, want them sorted", times, ids, testIDs)
	}
}

func TestIDsMadeAtOnceDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := beta.NewID(storetest.Start)
		if seen[id] || len(id) != 26 || strings.Trim(id, "0123456789abcdefghjkmnpqrstvwxyz") != "" {
			t.Fatalf("got %q, want 26 letters and digits, each time others", id)
		}
		seen[id] = true
	}
}

func TestStatusIsJudgedByTheClock(t *testing.T) {
	t.Parallel()
	now := storetest.Start
	const never, past, future = -1, 0, 1
	for _, c := range []struct {
		stored  beta.Status
		expires int
		want    beta.Status
	}{
		{beta.InDraft, never, beta.InDraft},
		{beta.InDraft, past, beta.InDraft},
		{beta.Starting, future, beta.Starting},
		{beta.Starting, past, beta.Ended},
		{beta.Running, future, beta.Running},
		{beta.Running, past, beta.Ended},
		{beta.Running, never, beta.Running},
		{beta.Stopping, future, beta.Stopping},
		{beta.Stopping, past, beta.Ended},
		{beta.Ended, future, beta.Ended},
		{beta.Ended, never, beta.Ended},
	} {
		test := beta.Test{Stored: c.stored}
		if c.expires != never {
			test.ExpiresAt = now.Add(time.Duration(c.expires) * time.Millisecond)
		}
		if got := test.Status(now); got != c.want {
			t.Errorf("%s, expiring %s, at %s: got %s, want %s", c.stored, test.ExpiresAt, now, got, c.want)
		}
	}
}

func TestEveryKindOfMailHasABitOfItsOwn(t *testing.T) {
	t.Parallel()
	var all beta.MailKinds
	for _, k := range []beta.MailKind{beta.InvitationMail, beta.ReminderMail, beta.FeedbackMail, beta.RemovedMail, beta.EndedMail} {
		if k.Bit() == 0 || all.Has(k) || !k.Bit().Has(k) {
			t.Errorf("%s: got bit %b beside %b, want one of its own", k, k.Bit(), all)
		}
		all |= k.Bit()
	}
	if beta.MailKind("OTHER").Bit() != 0 || all.Has("OTHER") {
		t.Error("an unknown kind has a bit")
	}
}
