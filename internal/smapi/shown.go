package smapi

import (
	"hash/maphash"
	"sync"

	"tryout/internal/beta"
)

// shown keeps pages of lists that are asked for again and again, written out,
// each with what tells whether it is still what a list would show
// ([beta.Listing]). A page is kept when it is asked for a second time, so that
// a walk through a long list pushes nothing out.
type shown struct {
	mu    sync.Mutex
	pages map[pageKey]shownPage
	size  int // octets in pages
	asked [4096]uint64
	seed  maphash.Seed
}

// maxShown is how many octets of pages are kept: some 75 of a hundred testers.
// Each takes three times as much of the process (gcPercent of cmd/tryout).
const maxShown = 1 << 20

type pageKey struct {
	skill beta.SkillID
	page  beta.Page
}

// shownPage is a listing with its testers as JSON; never changed once made.
type shownPage struct {
	beta.Listing
	testers []byte
}

func newShown() *shown {
	return &shown{pages: make(map[pageKey]shownPage), seed: maphash.MakeSeed()}
}

// page returns what was shown of a page, zero if nothing is known, and whether
// it is worth keeping.
func (s *shown) page(key pageKey) (known shownPage, again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, again = s.pages[key]; again {
		return known, true
	}
	hash := maphash.Comparable(s.seed, key)
	last := &s.asked[hash%uint64(len(s.asked))]
	again, *last = *last == hash, hash
	return known, again
}

// keep remembers a page in place of what was known of it. When there is no room
// any page goes. A page of no named state could not be known again.
func (s *shown) keep(key pageKey, p shownPage) {
	if p.Mark == (beta.Mark{}) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(key)
	for old := range s.pages {
		if s.size+len(p.testers) <= maxShown {
			break
		}
		s.drop(old)
	}
	s.pages[key] = p
	s.size += len(p.testers)
}

func (s *shown) drop(key pageKey) {
	s.size -= len(s.pages[key].testers)
	delete(s.pages, key)
}
