package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tryout/internal/storetest"
)

// copyAll runs tryout copy and returns its exit code and what it said.
func copyAll(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	code = run(t.Context(), append([]string{"copy"}, args...), streams{&out, &out})
	return code, out.String()
}

func wantRefused(t *testing.T, want int, word string, args ...string) {
	t.Helper()
	if code, said := copyAll(t, args...); code != want || !strings.Contains(said, word) {
		t.Errorf("%q: exit code %d, want %d and %q; it said: %s", args, code, want, word, said)
	}
}

// What was promised before the move holds after it, and nobody is mailed again.
func TestAnInstallationMovesToPostgreSQLAndBack(t *testing.T) {
	t.Parallel()
	box := openInbox(t)
	dir, address := t.TempDir(), storetest.NewPostgres(t)
	site := newSiteOn(t, home{data: dir}, box.Addr().String())
	old := site.serve()
	old.startTest()
	for n := range 3 {
		old.add(fmt.Sprintf("t%d@x.test", n))
	}
	var page struct{ NextToken string }
	if err := json.Unmarshal([]byte(old.must(200, "GET", tests+"/testers?maxResults=1", "")), &page); err != nil {
		t.Fatal(err)
	}
	until(t, "all are mailed and booked", func() bool { return mailsSent(t, dir) == 3 })
	wantRefused(t, 1, "another tryout serves", "--from", "sqlite:"+dir, "--to", address)
	old.stop()

	code, said := copyAll(t, "--from", "sqlite:"+dir, "--to", address)
	if code != 0 || !strings.Contains(said, "testers          3 rows\n") || !strings.Contains(said, "hold the same") {
		t.Fatalf("exit code %d; it said: %s", code, said)
	}
	wantRefused(t, 1, "not empty", "--from", "sqlite:"+dir, "--to", address)

	key, err := os.ReadFile(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	master := strings.TrimSpace(string(key))
	site.where = []string{"--database", address, "--master-key", master}
	moved := site.serve()
	rest := moved.must(200, "GET", tests+"/testers?maxResults=9&nextToken="+page.NextToken, "")
	if strings.Contains(rest, "t0@") || !strings.Contains(rest, "t1@") || !strings.Contains(rest, "t2@") {
		t.Errorf("the page token leads to %s", rest)
	}
	moved.add("t3@x.test")
	until(t, "the new one is mailed and booked", func() bool { return mailsSent(t, address) == 4 })
	if n := len(box.Messages()); n != 4 {
		t.Errorf("%d mails arrived, want one each of 4", n)
	}
	back := filepath.Join(t.TempDir(), "back")
	wantRefused(t, 1, "a server uses this database", "--from", address, "--to", "sqlite:"+back, "--master-key", master)
	moved.stop()
	wantRefused(t, 2, "--master-key: is missing", "--from", address, "--to", "sqlite:"+back)
	if code, said := copyAll(t, "--from", address, "--to", "sqlite:"+back, "--master-key", master, "--json"); code != 0 || strings.Contains(said, "false") {
		t.Fatalf("exit code %d; it said: %s", code, said)
	}
	site.where = []string{"--data", back, "--master-key", master}
	if list := site.serve().must(200, "GET", tests+"/testers?maxResults=9", ""); strings.Count(list, "@x.test") != 4 {
		t.Errorf("the list after the way back: %s", list)
	}
}

func TestACopyThatDiffersIsToldByTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	tables := []copiedTable{{"mails", 3, 3, true}, {"testers", 3, 2, false}}
	if err := (copyCmd{}).tell(streams{out: &out}, tables); err != nil || strings.Contains(out.String(), "the same") {
		t.Errorf("it says %q, %v", &out, err)
	}
	if err := differences(tables); err == nil || err.Error() != "testers differs: 3 rows were copied to 2" || report(err, &out) != exitFailure {
		t.Errorf("got %v; want the one table that differs", err)
	}
}

func TestMistakesInACopyAreToldBeforeAnythingIsTouched(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	wantRefused(t, 2, "--from: has no database", "--from", "sqlite:"+dir, "--to", "postgres://localhost/x")
	wantRefused(t, 2, "--to: must begin with sqlite: or postgres://", "--from", "sqlite:"+dir, "--to", "mysql://localhost/x")
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%v was made", left)
	}
}
