// Package foreign asks others whom a token acts for that is not one of ours,
// and who sits at a browser: Login with Amazon, over its own endpoints, and one
// issuer of OpenID Connect. What somebody may do then is for our operator to
// say, in rules ([Rule]).
//
// What others say is believed for a minute at most: that a token is good, and the
// keys with which it is proven. Whoever cannot be asked has not said no: the request is
// refused as one to be tried again ([beta.Unavailable]), never as unauthorized,
// and nobody is let in.
//
// A token is sent nowhere but to who gave it, judged by its form before anything
// is asked. No token, code or secret stands in an error.
package foreign

import "time"

// fresh is how long something that others said is believed.
const fresh = time.Minute

// patience is how long all questions about one token may take together.
const patience = 5 * time.Second
