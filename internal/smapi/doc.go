// Package smapi is the wire: Amazon's Skill Management API for beta tests, and
// our extensions of it under /x/v1.
//
// A request passes the checks in the order that the contract sets: route 404,
// verb 405, token 401, rate 429, path 400, skill 404 or its owner 401, scope
// 403, no beta test 404, query and body 400, state 409. Nothing of a body is
// parsed for a caller who does not own the skill.
//
// Routes are matched by hand on the escaped path: a skill id may hold an
// encoded slash, and an unclean path must be a 404 with a JSON body, where
// net/http's ServeMux would redirect. Bodies are read strictly (json.go): what
// two parsers could read differently is refused. Handlers return errors; one
// place (error.go) turns any of them into an answer.
package smapi
