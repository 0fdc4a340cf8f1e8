package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/alecthomas/kong"
)

// What the examples of deploy/ set is what serve can be told.
func TestTheExamplesSetWhatThereIs(t *testing.T) {
	t.Parallel()
	parser, err := newParser(t.Context(), streams{}, &configFile{})
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			for _, name := range flag.Envs {
				known[name] = true
			}
		}
		return next(nil)
	})
	files, err := filepath.Glob("../../deploy/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("deploy/: got %v, error %v", files, err)
	}
	set := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`TRYOUT_[A-Z_]+`).FindAllString(string(text), -1) {
			set++
			if !known[name] {
				t.Errorf("%s sets %s, which is no setting", file, name)
			}
		}
	}
	if set < 10 {
		t.Errorf("found %d settings in the examples, want more", set)
	}
}

// What patroni.yml tells a reader to set is what the test of it sets (make
// failover), no more and no less.
func TestThePatroniExampleNamesWhatItNeeds(t *testing.T) {
	t.Parallel()
	names := func(file string) []string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list := regexp.MustCompile(`\b(PATRONI_[A-Z0-9_]+|DATABASE_PASSWORD)\b`).FindAllString(string(text), -1)
		slices.Sort(list)
		return slices.Compact(list)
	}
	told, set := names("../../deploy/patroni.yml"), names("../../internal/storetest/node.go")
	if len(told) < 10 || !slices.Equal(told, set) {
		t.Errorf("the reader is told to set\n%q\nand the test sets\n%q", told, set)
	}
}
