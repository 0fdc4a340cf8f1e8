//go:build race

package outbox_test

// raced tells that the race detector is on, which makes SQLite thirty times slower.
const raced = true
