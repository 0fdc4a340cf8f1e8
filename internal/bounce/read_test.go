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

// Where the empty line between two recipients is lost, each keeps what is theirs.
func TestRecipientsAreKeptApart(t *testing.T) {
	t.Parallel()
	const report = "Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n" +
		"Final-Recipient: rfc822; ada@example.com\nAction: failed\nStatus: 5.1.1\n" +
		"Original-Recipient: rfc822; bob@example.com\nFinal-Recipient: rfc822; bob@example.net\nAction: delayed\nStatus: 4.0.0\n"
	found, err := bounce.Read(strings.NewReader(report))
	if err != nil || len(found) != 2 ||
		found[0].Recipient != "ada@example.com" || found[0].Kind != bounce.Permanent ||
		found[1].Recipient != "bob@example.com" || found[1].Kind != bounce.Temporary {
		t.Errorf("got %+v, %v", found, err)
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

// What a message of the greatest size costs is bounded, too: nothing is copied
// once for each of its lines. (AllocsPerRun does not run beside other tests.)
func TestReadingAllocatesLittle(t *testing.T) {
	const report = "Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n"
	for name, message := range map[string]string{
		"folds":        report + "Diagnostic-Code: smtp; 550 5.1.1\n" + strings.Repeat(" x\n", 300_000),
		"many folds":   report + strings.Repeat("a: b\n"+strings.Repeat(" x\n", 8000), 40),
		"fields":       report + strings.Repeat("a: b\n", 200_000),
		"groups":       report + strings.Repeat("a: b\n\n", 150_000),
		"recipients":   report + strings.Repeat("final-recipient: a\n", 50_000),
		"parts":        "Content-Type: multipart/mixed; boundary=x\n\n" + strings.Repeat("--x\n", 250_000),
		"paragraphs":   "\nHi. This is the\n\n" + strings.Repeat("<a@b.cc>:\n\n", 80_000),
		"addresses":    "X-Failed-Recipients: " + strings.Repeat("a@b.cc,", 100_000) + "\n\n" + strings.Repeat("a@b.cc ", 40_000),
		"no addresses": "X-Failed-Recipients: a@b.cc\n\n" + strings.Repeat("a@b.cc\n\n", 100_000),
		"empty lines":  report + strings.Repeat("\n", 1_000_000),
	} {
		if got := testing.AllocsPerRun(1, func() { bounce.Read(strings.NewReader(message)) }); got > 50_000 {
			t.Errorf("%s: got %.0f allocations", name, got)
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
