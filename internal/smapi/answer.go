package smapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"tryout/internal/httpd"
)

// writeJSON answers 200 with v.
func (c *call) writeJSON(v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	return c.write(body)
}

// counted is the size of a body whose length package http tells by itself.
const counted = 2 << 10

// write answers 200 with a body that is JSON already. What fails from here on
// is the connection, and nobody is left to tell.
func (c *call) write(body []byte) error {
	if len(body) > counted {
		return c.writeLarge(body)
	}
	if err := c.confirm(); err != nil {
		return err
	}
	c.jsonHeader()
	c.w.Write(body)
	return nil
}

// writeLarge is write for a body in parts, whose length package http cannot tell.
func (c *call) writeLarge(parts ...[]byte) error {
	if err := c.confirm(); err != nil {
		return err
	}
	size := 0
	for _, part := range parts {
		size += len(part)
	}
	c.jsonHeader()["Content-Length"] = []string{strconv.Itoa(size)}
	httpd.WriteParts(c.w, parts...)
	return nil
}

// isJSON is the Content-Type of an answer, shared by all; nobody changes it.
var isJSON = []string{"application/json"}

// jsonHeader returns the answer's header, which says JSON.
func (c *call) jsonHeader() http.Header {
	h := c.w.Header()
	h["Content-Type"] = isJSON
	return h
}
