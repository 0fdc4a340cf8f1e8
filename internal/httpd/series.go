package httpd

import (
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// kind tells apart the requests that are counted apart. Each part is of a fixed
// set, so there are only so many.
type kind struct {
	route, method string
	status        int
}

// series is what requests of one kind share, made once: their metrics, and a
// handler for their log lines that has written the beginning already.
type series struct {
	requests prometheus.Counter
	duration prometheus.Observer
	log      slog.Handler
}

// seriesSet is all series so far. Looking one up takes no lock: a new one
// replaces the map.
type seriesSet struct {
	open func(kind) series

	mu  sync.Mutex // held by who replaces the map
	all atomic.Pointer[map[kind]series]
}

func newSeriesSet(open func(kind) series) *seriesSet {
	set := &seriesSet{open: open}
	set.all.Store(&map[kind]series{})
	return set
}

// of returns the series of a kind, opening it the first time.
func (set *seriesSet) of(k kind) series {
	if s, ok := (*set.all.Load())[k]; ok {
		return s
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	all := maps.Clone(*set.all.Load())
	s, ok := all[k]
	if !ok {
		s = set.open(k)
		all[k] = s
		set.all.Store(&all)
	}
	return s
}
