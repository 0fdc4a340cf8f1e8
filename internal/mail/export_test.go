package mail

import (
	"bufio"
	"strings"
)

// Stuff is stuff, for fuzzing.
func Stuff(data []byte) []byte { return stuff(data) }

// ReadReply is readReply from a text.
func ReadReply(s string) (Reply, error) {
	r, _, err := readReply(bufio.NewReader(strings.NewReader(s)))
	return r, err
}
