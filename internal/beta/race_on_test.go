//go:build race

package beta_test

import "flag"

// raced tells that the race detector is on. It makes SQLite thirty times
// slower, so tests in which nothing runs at once do less of the same.
const raced = true

// Properties, too: the flag given on the command line still wins.
func init() { flag.Set("rapid.checks", "10") }
