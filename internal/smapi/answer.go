package smapi

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// writeJSON answers 200 with v.
func (c *call) writeJSON(v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	return c.write(body)
}

// write answers 200 with a body that is JSON already. What fails from here on
// is the connection, and nobody is left to tell.
func (c *call) write(body []byte) error {
	h := c.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.w.Write(body)
	return nil
}
