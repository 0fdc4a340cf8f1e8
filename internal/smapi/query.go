package smapi

import (
	"net/url"
	"strconv"
	"unicode/utf8"

	"tryout/internal/beta"
)

// readQuery reads the parameters. Each may stand once, but for the one that the
// route lets stand several times.
func (c *call) readQuery() violations {
	if c.r.URL.RawQuery == "" {
		return nil
	}
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return violations{{Code: codeParameter, Message: "the query: bad percent-encoding or a semicolon"}}
	}
	for name, list := range values {
		if len(list) > 1 && (name == "" || name != c.route.repeat) {
			return violations{{Code: codeParameter, Message: "the query: a parameter stands twice"}}
		}
	}
	c.query = values
	return nil
}

// query is the parameters of a request, and what is wrong with them.
type query struct {
	values url.Values
	wrong  violations
}

func (q *query) blame(code, message string) {
	q.wrong = append(q.wrong, beta.Violation{Code: code, Message: message})
}

// name returns a required parameter of 1 to 255 characters.
func (q *query) name(parameter string) string {
	list, given := q.values[parameter]
	switch {
	case !given:
		q.blame(codeParameter, parameter+": is missing")
		return ""
	case list[0] == "" || utf8.RuneCountInString(list[0]) > 255:
		q.blame(beta.CodeLength, parameter+": must have 1 to 255 characters")
	}
	return list[0]
}

// maxResults returns how many results a page may have.
func (q *query) maxResults(fallback, limit int) int {
	return q.integer("maxResults", fallback, limit)
}

// integer returns a parameter in 1..limit.
func (q *query) integer(parameter string, fallback, limit int) int {
	list, given := q.values[parameter]
	if !given {
		return fallback
	}
	text := list[0]
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > limit || strconv.Itoa(n) != text {
		q.blame(codeInteger, parameter+": must be an integer in 1.."+strconv.Itoa(limit))
		return fallback
	}
	return n
}

// nextToken returns where the list goes on; zero for its beginning.
func (q *query) nextToken(p Pages, scope string) mark {
	list, given := q.values["nextToken"]
	if !given {
		return mark{}
	}
	m, err := p.parse(scope, list[0])
	if v, ok := err.(beta.Violation); ok {
		q.wrong = append(q.wrong, v)
	}
	return m
}
