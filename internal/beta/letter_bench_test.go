package beta_test

import (
	"testing"

	"tryout/internal/beta"
	"tryout/internal/storetest"
)

// BenchmarkLetter asks for a letter while the database stands still: what is
// left is our own work.
func BenchmarkLetter(b *testing.B) {
	clock := storetest.NewClock()
	s := storetest.Open(b, clock.Now)
	service := beta.NewService(s, clock.Now, beta.Rules{}, func(at beta.Place, l beta.Link) string {
		return "https://beta.example.com/" + string(at) + "/" + links.Text(at, l)
	}, func() {})
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	must(s.Update(b.Context(), people))
	must(service.CreateTest(b.Context(), owner, skill, "feedback@example.com"))
	_, err := service.StartTest(b.Context(), owner, skill)
	must(err)
	_, err = service.AddTesters(b.Context(), owner, skill, emails("ada@example.org"))
	must(err)
	mails, err := s.ClaimMail(b.Context(), "bench", 1, 1)
	must(err)
	b.ReportAllocs()
	for b.Loop() {
		if _, wanted, err := service.Letter(b.Context(), mails[0]); err != nil || !wanted {
			b.Fatal(wanted, err)
		}
	}
}

func BenchmarkLinks(b *testing.B) {
	link := aLink()
	b.ReportAllocs()
	for b.Loop() {
		links.Text(beta.InvitationPlace, link)
	}
}
