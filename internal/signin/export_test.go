package signin

import "tryout/internal/beta"

// CodeOf is the code that a mail would carry.
func (s *Server) CodeOf(mail beta.TestID) string { return s.code(mail) }

// OnceOf is what follows from what a browser holds.
func (s *Server) OnceOf(secret string) Once { return s.once(secret) }
