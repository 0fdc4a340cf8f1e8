package smapi

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"tryout/internal/beta"
)

// A row parsed back is what was written, and none of its cells begins a formula.
func TestARowOfCSVReadsBackAsWritten(t *testing.T) {
	t.Parallel()
	piece := rapid.SampledFrom([]string{"=", "+", "-", "@", "'", "\t", "\n", "\r", "\r\n", `"`, ",", ";", "\x00", "a", " ", "\uFF1D", "\U0001F600", strings.Repeat("x", 10<<10)})
	rapid.Check(t, func(rt *rapid.T) {
		raw := strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(rt, "text"), "")
		f, err := beta.ParseFeedback(beta.Opinion, "3", raw)
		if err != nil {
			return // refused at the door: a NUL, or too long
		}
		f.Email.Given = strings.ReplaceAll(strings.Join(rapid.SliceOfN(piece, 0, 3).Draw(rt, "address"), ""), "\r", "")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		writeRows(w, []beta.Feedback{f})
		rows, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(rows) != 1 || len(rows[0]) != 5 {
			rt.Fatalf("got the rows %q, %v", rows, err)
		}
		for i, want := range map[int]string{1: f.Email.Given, 4: f.Text} {
			cell := rows[0][i]
			if first, _ := utf8.DecodeRuneInString(cell); cell != "" && strings.ContainsRune("=+-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20", first) {
				rt.Errorf("the cell %.100q may be taken for a formula", cell)
			}
			if got := strings.TrimPrefix(cell, "'"); got != want {
				rt.Errorf("got %.100q, want %.100q", got, want)
			}
		}
	})
}
