package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The raw side is a fair other side only as long as it runs what the store runs.
func TestRawStatementsAreTheStores(t *testing.T) {
	t.Parallel()
	store := source(t, "../internal/store/*.go")
	for _, statement := range []string{insertTesters, updateTest, insertMails, insertBatch, selectPage} {
		if !strings.Contains(store, plain(statement)) {
			t.Errorf("internal/store has no statement such as this any more; copy the new one:\n%s", statement)
		}
	}
	for _, list := range [][]string{pragmas, readerPragmas} {
		if quoted := `"` + strings.Join(list, `", "`) + `"`; !strings.Contains(store, quoted) {
			t.Errorf("internal/store does not set the pragmas %s", quoted)
		}
	}
	_, columns, _ := strings.Cut(plain(selectTester), "select ")
	columns, where, _ := strings.Cut(columns, " from ")
	if !strings.Contains(store, columns+"`") || !strings.Contains(store, " from "+where) {
		t.Errorf("internal/store does not read a tester such as this any more; copy the new one:\n%s", selectTester)
	}
}

func source(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return plain(all.String())
}

var (
	argument = regexp.MustCompile(`\$\d+`)
	each     = regexp.MustCompile("`\\s*\\+t\\.each(\\+`)?")
)

// plain is a text without its line breaks, the numbers of its arguments, and
// the dialect's way to read rows from JSON.
func plain(text string) string {
	text = each.ReplaceAllString(text, "jsonb_each($$0)")
	return strings.Join(strings.Fields(argument.ReplaceAllString(text, "$$")), " ")
}
