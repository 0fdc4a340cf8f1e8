//go:build !race

package beta_test

const raced = false
