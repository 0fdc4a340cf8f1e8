// Package beta is the domain: what a beta test is and what is allowed in one.
// It knows no HTTP, no SQL and no SMTP; it says what is true, and the packages
// around it carry that out. The words are those of Amazon's Skill Management
// API (SMAPI), whose beta test operations Tryout serves.
//
// # The things
//
// A [Vendor] owns skills. A [Skill] is the thing being tested. A skill has at
// most one [Test] at a time; each is a round of its own, begins without
// testers, and stays readable after the next one began. A [Tester] is an
// address invited to a test; the invitation is accepted or not. A [Mail] is
// something to be sent to one address; it is stored together with the change
// that caused it. [Feedback] is what a tester wrote. A [Batch] is the record of one call that changed something.
//
// # The life of a test
//
//	create    none, ENDED        IN_DRAFT
//	update    IN_DRAFT, RUNNING  unchanged
//	start     IN_DRAFT           RUNNING; it expires 90 days later; every tester is invited
//	end       RUNNING            ENDED; access ends at once; every tester is told
//	end       IN_DRAFT           ENDED; nobody was invited, nobody is told
//	90 days   RUNNING            ENDED by itself; every tester is told
//
// Above [Step] times two testers, start and end pass through STARTING and
// STOPPING while their mail is queued in steps; access follows at once. Expiry
// is judged by the clock at every read, never by a sweep.
//
// # The testers
//
// Add and remove work in IN_DRAFT and RUNNING, reminders and feedback requests
// in RUNNING; anything else is a [Conflict]. A call names 1 to 500 addresses
// and does all of its work or nothing. Every call may be repeated after a lost
// reply: who is there already is not invited again, who is not there need not
// be removed, who may not be reminded is skipped. What became of each address
// is in the batch.
//
// What comes back after a relay took a mail is recorded with it
// ([Service.Returned]): an address that refused it for good is not mailed any
// more, and who complains is refused as if they had unsubscribed.
//
// Mail is queued only while the test runs, and never to somebody who declined,
// left, or whose address refused our mail for good. Whether a mail is still
// wanted is asked once more just before it is sent ([Service.Letter]).
//
// # What testers write
//
// By their personal link, testers write what they think, with a rating or
// without, while the test runs and for 30 days after its end; who declined or
// left may say why. Each is kept as it was sent, up to 20 a tester, and a mail
// takes it to the test's feedback address. That mail is the developer's: it
// goes out whatever the tester answers, and nothing of it is noted on them.
//
// # Who may
//
// Every method of [Service] that acts for a vendor takes the [Caller] as an
// argument. A skill of another vendor is [Unauthorized], as SMAPI has it; a
// caller who may only read and wants to write is [Forbidden]. A tester needs
// no account: the personal [Link] is the proof.
package beta
