package foreign

import (
	"time"

	"tryout/internal/beta"
)

// Places are for requests that wait for others. Who finds none is told to come
// again, so that those who wait for nobody are served. Make them with [NewPlaces].
type Places chan struct{}

// NewPlaces returns n places, one at least.
func NewPlaces(n int) Places { return make(Places, max(n, 1)) }

func (p Places) take() bool {
	select {
	case p <- struct{}{}:
		return true
	default:
		return false
	}
}

func (p Places) leave() { <-p }

var errCrowd = &beta.Error{Kind: beta.Unavailable, Code: beta.CodeUnavailable, Retry: time.Second,
	Message: "Too many requests wait for others to say who they come from; try again later."}
