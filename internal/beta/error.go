package beta

import "time"

// Kind says what sort of failure an [Error] is. The wire turns it into a status.
type Kind int

// The kinds, with the HTTP status each becomes under /v1.
const (
	Invalid      Kind = iota + 1 // 400: the request is malformed
	Unauthorized                 // 401: no good token, or a skill of another vendor
	Forbidden                    // 403: the token is good, its scope too small
	NotFound                     // 404
	NotAllowed                   // 405: verb not served here
	Conflict                     // 409: the state does not allow it
	TooLarge                     // 413
	TooMany                      // 429: a rate is exceeded
	Unavailable                  // 503: overloaded, or the database is away
)

// Kinds is the number of kinds, for tests that walk them all.
const Kinds = int(Unavailable)

// Error is a failure the caller may see. Any other error is ours: it is logged,
// and answered as 500 without detail.
type Error struct {
	Kind       Kind
	Code       string // SMAPI's word for it, such as PRECONDITION_NOT_MET
	Message    string
	Violations []Violation   // only for Invalid: what is wrong, in document order
	Retry      time.Duration // for TooMany and Unavailable: when to try again
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Violation is one thing wrong with a request.
type Violation struct {
	Code    string // such as INVALID_STRING_PATTERN
	Message string // names the place: a JSON path or a parameter
}

// Error returns the message, so that parsing one value can fail with it.
func (v Violation) Error() string { return v.Message }

// SMAPI's words for what can be wrong.
const (
	CodeNotFound     = "RESOURCE_NOT_FOUND"
	CodeUnauthorized = "UNAUTHORIZED"
	CodeForbidden    = "OPERATION_NOT_ALLOWED"
	CodePrecondition = "PRECONDITION_NOT_MET"
	CodeUnavailable  = "SERVICE_UNAVAILABLE"
	CodeParameter    = "INVALID_REQUEST_PARAMETER"
	CodeLength       = "INVALID_STRING_LENGTH"
	CodePattern      = "INVALID_STRING_PATTERN"
)

func notFound(message string) error {
	return &Error{Kind: NotFound, Code: CodeNotFound, Message: message}
}

func conflict(message string) error {
	return &Error{Kind: Conflict, Code: CodePrecondition, Message: message}
}
