package httpd_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"tryout/internal/httpd"
)

// handled returns what use sees of a request's context, and the context.
func handled(parent context.Context, c httpd.Config, use func(context.Context)) (used context.Context) {
	edge := httpd.New(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		used = r.Context()
		use(used)
	}), c)
	edge.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(parent))
	return used
}

func TestAContextNobodyWaitedForIsOverWithItsRequest(t *testing.T) {
	t.Parallel()
	ctx := handled(t.Context(), httpd.Config{}, func(ctx context.Context) {
		if err := ctx.Err(); err != nil {
			t.Errorf("Err = %v while the handler runs, want nil", err)
		}
	})
	if err := ctx.Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("Err = %v after the answer, want %v", err, context.Canceled)
	}
	select {
	case <-ctx.Done():
	default:
		t.Error("Done is open after the answer")
	}
	if httpd.RequestID(ctx) == "" {
		t.Error("no request id after the answer")
	}
}

func TestWhoWaitsIsToldOfTheAnswer(t *testing.T) {
	t.Parallel()
	var done <-chan struct{}
	var child context.Context
	handled(t.Context(), httpd.Config{}, func(ctx context.Context) {
		done = ctx.Done()
		var stop context.CancelFunc
		child, stop = context.WithCancel(ctx)
		t.Cleanup(stop)
		if child.Err() != nil || httpd.RequestID(child) != httpd.RequestID(ctx) {
			t.Errorf("a child: Err %v, id %q, want none and %q", child.Err(), httpd.RequestID(child), httpd.RequestID(ctx))
		}
	})
	<-done
	<-child.Done()
	if err := child.Err(); !errors.Is(err, context.Canceled) {
		t.Errorf("a child's Err = %v, want %v", err, context.Canceled)
	}
}

func TestAClientThatLeavesEndsTheContext(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	for name, before := range map[string]func(context.Context){
		"nobody waits":   func(context.Context) {},
		"somebody waits": func(ctx context.Context) { ctx.Done() },
	} {
		parent, leave := context.WithCancelCause(t.Context())
		handled(parent, httpd.Config{}, func(ctx context.Context) {
			before(ctx)
			leave(gone)
			if err := ctx.Err(); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: Err = %v, want %v", name, err, context.Canceled)
			}
			<-ctx.Done()
			if cause := context.Cause(ctx); cause != gone {
				t.Errorf("%s: the cause is %v, want %v", name, cause, gone)
			}
		})
	}
}

func TestTheDeadlineEndsTheContextWaitedForOrNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		parent, leave := context.WithCancel(t.Context())
		handled(parent, httpd.Config{Deadline: time.Minute}, func(ctx context.Context) {
			begun := time.Now()
			if at, ok := ctx.Deadline(); !ok || !at.Equal(begun.Add(time.Minute)) {
				t.Errorf("Deadline = %v, %v, want a minute from now", at, ok)
			}
			time.Sleep(time.Minute - 1)
			if err := ctx.Err(); err != nil {
				t.Errorf("Err = %v before the deadline", err)
			}
			time.Sleep(time.Nanosecond)
			if err := ctx.Err(); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Err = %v at the deadline, want %v", err, context.DeadlineExceeded)
			}
			leave()
			if err := ctx.Err(); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Err became %v: it may not change", err)
			}
			<-ctx.Done()
		})
	})
}

func TestAParentsSoonerDeadlineIsTheContexts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		handled(parent, httpd.Config{}, func(ctx context.Context) {
			want, _ := parent.Deadline()
			if at, ok := ctx.Deadline(); !ok || !at.Equal(want) {
				t.Errorf("Deadline = %v, %v, want the parent's", at, ok)
			}
			<-ctx.Done()
			if !time.Now().Equal(want) || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				t.Errorf("ended at %v with %v, want at %v with %v", time.Now(), ctx.Err(), want, context.DeadlineExceeded)
			}
		})
	})
}
