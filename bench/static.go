package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
)

// serveStatic is the other side of everything read: net/http, of the same Go,
// answering every request with the bytes of a file. No server built on net/http
// can be quicker.
func serveStatic(file string) error {
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body)
	}))
}
