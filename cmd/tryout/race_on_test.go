//go:build race

package main

// underRace tells that the race detector is on: everything takes ten times as
// long, so tests of many do fewer. make test runs them once more without.
const underRace = true
