package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// profileOf takes a CPU profile of a server for as long as a round lasts, if
// one was asked for. It does not wait for it: that is the round's to do.
func (b *bench) profileOf(s *server) {
	if b.profile == "" {
		return
	}
	os.MkdirAll(b.profile, 0o755) // where it fails, so does the file
	file := filepath.Join(b.profile, b.goal+".pprof")
	seconds := max(1, int(b.round.Seconds()))
	go func() {
		if err := fetchProfile(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.admin, seconds), file); err != nil {
			fmt.Fprintln(os.Stderr, "bench: no profile:", err)
		}
	}()
}

func fetchProfile(url, file string) error {
	answer, err := http.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s", answer.Status)
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(f, answer.Body)
	return err
}
