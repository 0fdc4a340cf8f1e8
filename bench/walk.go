package main

import (
	"bytes"
	"strconv"
)

// walk lists from a token on, page by page, and from the beginning after the
// end. The n-th walk's pages begin at places of their own: only its first page
// may be short, by n.
func (d *data) walk(from string, size, n int) asker {
	var buf []byte
	return func(answer []byte) []byte {
		token, results := from, size-n%size
		if answer != nil {
			token, results = nextToken(answer), size
			if token == "" {
				n += connections
				results = size - n%size
			}
		}
		buf = d.list(buf[:0], token, results)
		return buf
	}
}

func (d *data) list(b []byte, token string, results int) []byte {
	page := "?maxResults=" + strconv.Itoa(results)
	if token != "" {
		page += "&nextToken=" + token
	}
	return d.get(b, "/v1/skills/", d.large.skill, "/betaTest/testers", page)
}

// nextToken reads the mark at the end of a list; empty when that was all.
func nextToken(answer []byte) string {
	const name = `"nextToken":"`
	i := bytes.LastIndex(answer, []byte(name))
	if i < 0 {
		return ""
	}
	return string(answer[i+len(name) : len(answer)-len(`"}`)])
}
