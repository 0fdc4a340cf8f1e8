package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"

	"tryout/internal/httpd"
)

// serveStatic is the other side of everything read: net/http, of the same Go,
// answering every request with the bytes of a file. No server built on net/http
// can be quicker.
func serveStatic(file string) error {
	likeTryout()
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, prepared(body))
}

// serveEdge is the same behind Tryout's edge: its time and other limits, request
// ids, metrics, and a log line that is formatted and written nowhere. What
// lies between it and Tryout is what Tryout does for a request.
func serveEdge(file string) error {
	likeTryout()
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	edge := newEdge(prepared(body))
	s, err := httpd.Listen("127.0.0.1:0", edge, nil)
	if err != nil {
		return err
	}
	fmt.Println(s.Addr())
	return s.Serve(context.Background())
}

// likeTryout has as many goroutines run at once as Tryout has.
func likeTryout() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
}

// prepared answers every request with the same bytes.
type prepared []byte

func (body prepared) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}
