package bounce_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tryout/internal/bounce"
)

var update = flag.Bool("update", false, "write the golden results anew")

// samples are the messages kept in testdata, by name: written by hand in the
// way of the servers that they are named after.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(names) == 0 {
		t.Fatalf("samples: got %v, %v", names, err)
	}
	found := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found[strings.TrimSuffix(filepath.Base(name), ".eml")] = data
	}
	return found
}

func TestReturnedMessagesAreRead(t *testing.T) {
	t.Parallel()
	for name, data := range samples(t) {
		found, err := bounce.Read(bytes.NewReader(data))
		golden(t, "testdata/"+name+".golden", show(t, found, err))
	}
}

// The same message with other line ends is the same message.
func TestLineEndsDoNotMatter(t *testing.T) {
	t.Parallel()
	for name, data := range samples(t) {
		unix := strings.ReplaceAll(string(data), "\r\n", "\n")
		want, wantErr := bounce.Read(strings.NewReader(unix))
		for _, end := range []string{"\r\n", "\r"} {
			found, err := bounce.Read(strings.NewReader(strings.ReplaceAll(unix, "\n", end)))
			if got, want := show(t, found, err), show(t, want, wantErr); got != want {
				t.Errorf("%s with %q: %s", name, end, cmp.Diff(want, got))
			}
		}
	}
}

func TestReadingIsBounded(t *testing.T) {
	t.Parallel()
	const report = "Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n"
	group := func(n int) string {
		return fmt.Sprintf("Final-Recipient: rfc822; a%d@example.com\nAction: failed\n\n", n)
	}
	var hundred strings.Builder
	for n := range 100 {
		hundred.WriteString(group(n))
	}
	for name, c := range map[string]struct {
		message string
		want    int
		err     string
	}{
		"1 MiB":               {report + group(0) + strings.Repeat("\n", bounce.MaxSize-len(report+group(0))), 1, ""},
		"1 MiB and an octet":  {report + group(0) + strings.Repeat("\n", bounce.MaxSize-len(report+group(0))+1), 0, bounce.ErrTooBig.Error()},
		"100 recipients":      {report + hundred.String(), 100, ""},
		"101 recipients":      {report + hundred.String() + group(100), 0, "bounce: more than 100 recipients in a message"},
		"8 deep":              {nested(7) + report + group(0), 1, ""},
		"9 deep":              {nested(8) + report + group(0), 0, bounce.ErrNotABounce.Error()},
		"a field without end": {report + "Diagnostic-Code: smtp; 550 5.1.1\n" + strings.Repeat(" x\n", 300_000) + group(0), 1, ""},
		"a field of one line": {report + "Diagnostic-Code: smtp; 550 5.1.1" + strings.Repeat(" x", 400_000) + "\n" + group(0), 1, ""},
		"fields without end":  {report + strings.Repeat("a:\n", 300_000), 0, "bounce: the delivery-status tells of no recipient's outcome"},
		"boundaries":          {"Content-Type: multipart/mixed; boundary=x\n\n" + strings.Repeat("--x\n", 250_000), 0, bounce.ErrNotABounce.Error()},
		"nothing":             {"", 0, bounce.ErrNotABounce.Error()},
	} {
		found, err := bounce.Read(strings.NewReader(c.message))
		if len(found) != c.want || c.err == "" && err != nil || c.err != "" && (err == nil || err.Error() != c.err) {
			t.Errorf("%s: got %d reports, %v, want %d, %q", name, len(found), err, c.want, c.err)
		}
		for _, r := range found {
			if len(r.Text) > 500 {
				t.Errorf("%s: got a text of %d octets", name, len(r.Text))
			}
		}
	}
}

func nested(depth int) string {
	var b strings.Builder
	for n := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%dx\n\n--b%dx\n", n, n)
	}
	return b.String()
}

func TestReadTellsWhatItsReaderSays(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	if _, err := bounce.Read(failing{broken}); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// show writes a result down.
func show(t testing.TB, found []bounce.Report, err error) string {
	t.Helper()
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetIndent("", "\t")
	e.SetEscapeHTML(false)
	if err := e.Encode(found); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// golden compares a result with the one kept.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
