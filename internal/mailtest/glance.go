package mailtest

import (
	"bytes"
	"fmt"
	"slices"
)

// glance is what Check does where there is no time to read: the To, that there
// is no second one, and all addresses as they stand. Ours are never encoded.
func (w *Watch) glance(to string, data []byte) error {
	if err := Addressed([]string{to}, data); err != nil {
		return fmt.Errorf("the message to %s: %w in\n%s", to, err, data)
	}
	data = bytes.ReplaceAll(data, []byte("=\r\n"), nil) // quoted-printable breaks lines so
	before, after, _ := bytes.Cut(data, []byte("\r\nMessage-ID: "))
	_, after, _ = bytes.Cut(after, []byte("\r\n")) // it looks like an address and is none
	found := slices.AppendSeq(slices.Collect(addresses(string(before))), addresses(string(after)))
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.addresses(to, found); err != nil {
		return fmt.Errorf("the message to %s: %w in\n%s", to, err, data)
	}
	return nil
}

// Addressed requires one recipient and one To, which is the recipient alone, no
// Cc and no Bcc. It is the least to ask of a message, and costs little more than
// a walk through its header.
func Addressed(to []string, data []byte) error {
	if len(to) != 1 {
		return fmt.Errorf("a message for %d recipients at once, %q, want one", len(to), to)
	}
	head, _, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	count, right := 0, false
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("To")):
			count++
			right = string(bytes.TrimSpace(value)) == "<"+to[0]+">"
		case bytes.EqualFold(name, []byte("Cc")), bytes.EqualFold(name, []byte("Bcc")):
			return fmt.Errorf("it has %s", line)
		}
	}
	if count != 1 || !right {
		return fmt.Errorf("%d To, want one, and that the recipient", count)
	}
	return nil
}
