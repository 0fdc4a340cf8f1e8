package httpd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"
)

func TestAnAnswerLeavesInOnePiece(t *testing.T) {
	t.Parallel()
	ours, theirs := pair(t)
	c := &conn{TCPConn: ours}
	c.gather()
	begin, rest := bytes.Repeat([]byte("b"), room), bytes.Repeat([]byte("r"), 3*room)
	wantWritten(t, c, begin)
	theirs.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	wantWritten(t, c, rest)
	if n, err := theirs.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("without its end: got %d bytes, error %v; want nothing yet", n, err)
	}
	theirs.SetReadDeadline(time.Time{})
	if err := c.flush(); err != nil {
		t.Fatal(err)
	}
	wantRead(t, theirs, append(begin, rest...))
	wantWritten(t, c, []byte("more"))
	wantRead(t, theirs, []byte("more"))
}

func TestWhatIsHeldBackIsFlushed(t *testing.T) {
	t.Parallel()
	ours, theirs := pair(t)
	c := &conn{TCPConn: ours}
	for _, text := range []string{"one", "two"} {
		c.gather()
		wantWritten(t, c, []byte(text))
		if err := c.flush(); err != nil {
			t.Fatal(err)
		}
		wantRead(t, theirs, []byte(text))
	}
}

// Package http would go on with a connection on which half an answer is.
func TestAnAnswerThatStopsMidwayEndsItsConnection(t *testing.T) {
	t.Parallel()
	ours, _ := pair(t)
	c := &conn{TCPConn: ours}
	ours.SetWriteDeadline(time.Now().Add(-time.Second))
	ours.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	c.gather()
	wantWritten(t, c, []byte("header"))
	wantWritten(t, c, make([]byte, 2*room))
	if err := c.flush(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("flush: got %v, want %v", err, os.ErrDeadlineExceeded)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the next request: got %v, want %v", err, net.ErrClosed)
	}
}

// Answers of all sizes, written in all ways, arrive as they were written, and
// the next answer on the connection after them.
func TestAnswersOfAllSizesArriveUnchanged(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	body := make([]byte, 5*room)
	for i := range body {
		body[i] = byte(random.Uint32())
	}
	pieces := map[string]func(http.ResponseWriter, []byte){
		"at once": func(w http.ResponseWriter, b []byte) { w.Write(b) },
		"in two":  func(w http.ResponseWriter, b []byte) { w.Write(b[:len(b)/2]); w.Write(b[len(b)/2:]) },
		"with a flush": func(w http.ResponseWriter, b []byte) {
			w.Write(b[:len(b)/3])
			w.(*answer).FlushError()
			w.Write(b[len(b)/3:])
		},
		"with its length": func(w http.ResponseWriter, b []byte) {
			w.Header().Set("Content-Length", strconv.Itoa(len(b)))
			w.Write(b)
		},
		"in parts": func(w http.ResponseWriter, b []byte) {
			w.Header().Set("Content-Length", strconv.Itoa(len(b)))
			WriteParts(w, b[:len(b)/3], b[len(b)/3:len(b)/3], b[len(b)/3:])
		},
	}
	s, err := Listen("127.0.0.1:0", New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size, _ := strconv.Atoi(r.FormValue("size"))
		pieces[r.FormValue("how")](w, body[:size])
	}), discarding()), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Grace = time.Nanosecond
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go s.Serve(ctx)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	defer client.CloseIdleConnections()
	for how := range pieces {
		for _, size := range []int{0, 1, 100, 2047, 2048, 2049, room - 300, room - 200, room - 100, room - 1, room, room + 1, 2 * room, len(body)} {
			r, err := client.PostForm("http://"+s.Addr().String(), map[string][]string{"how": {how}, "size": {strconv.Itoa(size)}})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r.Body)
			r.Body.Close()
			if err != nil || !bytes.Equal(got, body[:size]) {
				t.Errorf("%d bytes %s: got %d bytes, error %v; want them unchanged", size, how, len(got), err)
			}
		}
	}
}

func pair(t *testing.T) (ours, theirs *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialed, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialed.Close(); accepted.Close() })
	return accepted.(*net.TCPConn), dialed.(*net.TCPConn)
}

func wantWritten(t *testing.T, c *conn, b []byte) {
	t.Helper()
	if n, err := c.send(b); n != len(b) || err != nil {
		t.Fatalf("send %d bytes: got %d, error %v", len(b), n, err)
	}
}

func wantRead(t *testing.T, r io.Reader, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("got %.20q (error %v), want %.20q", got, err, want)
	}
}
