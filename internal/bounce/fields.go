package bounce

import "strings"

// fields are the fields of a header, or of a group in a report, in their order.
// Names are in lower case, values unfolded.
type fields []field

type field struct{ name, value string }

// Bounds of a block; real ones have a few dozen fields of a few lines.
const (
	maxFields = 500
	maxFolded = 16 << 10 // octets of a value, after which what is folded is dropped
)

// readFields reads up to the first empty line and returns what follows it. A
// line that is no field is passed over: servers put all sorts of things there,
// and one bad line must not hide the others.
func readFields(text string) (fields, string) {
	var f fields
	var folded []byte // the last value, as far as it is folded
	unfold := func() {
		if folded != nil {
			f[len(f)-1].value, folded = string(folded), nil
		}
	}
	for text != "" {
		var l string
		l, text, _ = strings.Cut(text, "\n")
		if strings.TrimSpace(l) == "" {
			break
		}
		if l[0] == ' ' || l[0] == '\t' {
			if len(f) > 0 && folded == nil {
				folded = []byte(f[len(f)-1].value)
			}
			if len(f) > 0 && len(folded)+len(l) <= maxFolded {
				folded = append(append(folded, ' '), strings.TrimSpace(l)...)
			}
			continue
		}
		name, value, found := strings.Cut(l, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		if found && name != "" && !strings.ContainsAny(name, " \t") && len(f) < maxFields {
			unfold()
			f = append(f, field{name, strings.TrimSpace(value)})
		}
	}
	unfold()
	return f, text
}

// get returns the first value of a field that is there and not empty.
func (f fields) get(names ...string) string {
	for _, name := range names {
		for _, field := range f {
			if field.name == name && field.value != "" {
				return field.value
			}
		}
	}
	return ""
}

// readGroups reads blocks of fields with empty lines between them. A block in
// which a recipient follows another is two whose empty line was lost.
func readGroups(text string) []fields {
	var groups []fields
	for text != "" && len(groups) <= 2*maxReports {
		var block fields
		block, text = readFields(text)
		start := 0
		for i, f := range block {
			if f.name == "final-recipient" && block[start:i].get("final-recipient") != "" ||
				f.name == "original-recipient" && block[start:i].get("action") != "" {
				groups, start = append(groups, block[start:i]), i
			}
		}
		if len(block) > start {
			groups = append(groups, block[start:])
		}
	}
	return groups
}
