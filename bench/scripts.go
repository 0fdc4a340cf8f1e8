package main

import "strings"

// What Tryout says to PostgreSQL, for pgbench to say: the same transactions,
// and in them the same statements, which a test compares with what a server
// sees of a call. What Tryout sends and pgbench cannot make, the server makes
// (concat); the types that Tryout declares stand as casts where they matter.
const (
	askToken = `
select t.vendor_id, t.scope, t.created_at, t.expires_at, t.revoked_at, t.grant_digest,
	c.id, g.person, g.revoked_at, c.revoked_at, r.part
from tokens t
	left join grants g on g.digest = t.grant_digest
	left join clients c on c.id = g.client_id
	left join roles r on r.person_id = g.person and r.vendor_id = t.vendor_id
where t.digest = substr(:token::bytea, 1);`

	askSkillTest = `
select s.id, s.vendor_id, s.name, s.created_at,
	t.id, t.skill_id, t.round, t.status, t.feedback_email, t.created_at,
	t.expires_at, t.ended_at, t.testers, t.numbers, t.queued, t.language
from skills s left join tests t on t.id = s.newest_test
where s.id = '' || concat(:place::text, :skill::text);`

	lockTest = `
select id, vendor_id, name, created_at
from skills
where id = concat(:place::text, :skill::text) and (:vendor::text = '' or vendor_id = :vendor::text)
for no key update;
select t.id, t.skill_id, t.round, t.status, t.feedback_email, t.created_at,
	t.expires_at, t.ended_at, t.testers, t.numbers, t.queued, t.language
from tests t
where t.id = (select newest_test from skills where id = concat(:place::text, :skill::text))`

	askPage = `
select email, email_key, state, associated_at, notified_at, unsettled, blocked
from testers
where test_id = :test::bigint + 0 and email_key > '' || concat(to_hex(:from::bigint))
order by email_key
limit :size + 1;`

	askTester = `
select test_id, number, email, email_key, state, associated_at, notified_at,
	feedback_at, mails, unsettled, blocked, language
from testers
where test_id = (select newest_test from skills where id = concat(:place::text, :skill::text)) and email_key = :email;`

	askWishes = `
select case
	when exists (select 1 from suppressions where test_id = :test::bigint + 0 order by email_key limit 1) then 1
	when exists (select 1 from refusals where vendor_id = '' || :vendor order by email_key limit 1) then 1
	when exists (select 1 from forgotten where false for share) then 1
	when exists (select 1 from forgotten) then 1
	else 0
end;`

	sayTesters = `
insert into testers (test_id, number, email, email_key, state, associated_at,
	notified_at, feedback_at, mails, unsettled, blocked, language)
select :test, cast(value ->> 0 as bigint), value ->> 1, value ->> 2, :state, :at,
	:at, 0, :one, :one, :zero, concat('')
from jsonb_array_elements(:testers::jsonb)
where true
on conflict (test_id, email_key) do nothing
returning number;`

	sayRest = `
update tests
set status = :status, feedback_email = concat(''), expires_at = :expires, ended_at = :zero,
	testers = :last, numbers = :last, queued = :zero, language = concat('')
where id = :test;
insert into mails (test_id, tester, seq, kind, email, email_key, vendor_id, batch_id,
	request_id, priority, queued_at, due_at, state, claim, attempts, cuts, unknowns, settled_at)
select :test, cast(value ->> 0 as bigint), cast(value ->> 1 as bigint), :kind, value ->> 2, value ->> 3, :vendor, concat(:batches::text, :batch::text),
	:request, :one, :at, :at, 'queued', '', 0, 0, 0, 0
from jsonb_array_elements(:mails::jsonb);
insert into batches (id, test_id, skill_id, vendor_id, by_name, request_id, operation, at,
	entries, first_tester, last_tester)
values (concat(:batches::text, :batch::text), :test, concat(:place::text, :skill::text), :vendor, :by, :request, :add, :at,
	concat('[["ADDED","",', :first::text, ',', :last::text, ']]'), :first, :last);
commit;`

	// The token is one that was read before.
	askPlace = `
begin isolation level repeatable read, read only;` + askToken + askSkillTest

	sayAdd = askToken + `
begin isolation level read committed, read write;` + lockTest
)

// Who walks has an eighth of all addresses for themselves.
const listScript = `
\set n :n + 1
\set skill :skills
\set test :tests
\set from 1152921504606846976 + (1008806316530991104 * :client_id + :n % :pages * :step) % 8070450532247928832` + askPlace + askPage + `
rollback;`

// All ask for the same tester: pgbench cannot make the addresses of others.
const checkScript = `
\set skill :skills
\set test :tests` + askPlace + askTester + `
rollback;`

// Each adds to a skill of their own, whose test comes after the last one's.
const bulkScript = `
\set n :n + 1
\set i :n * :clients + :client_id
\set skill :skills + :used + :i
\set test :tests + :used + :i
\set batch :begun + :i
\set first 1
\set last 500` + sayAdd + ";" + askWishes + sayTesters + sayRest

// One is added to the large skill, under the number after its last.
var singleScript = strings.NewReplacer(
	":testers::", `concat('[[', :last::text, ',"', to_hex(:who::bigint), '@example.com","', to_hex(:who::bigint), '@example.com"]]')::`,
	":mails::", `concat('[[', :last::text, ',1,"', to_hex(:who::bigint), '@example.com","', to_hex(:who::bigint), '@example.com"]]')::`,
).Replace(`
\set n :n + 1
\set batch :begun + :n * :clients + :client_id
\set skill :skills
\set test :tests
\set who random(1152921504606846976, 9223372036854775807)` + sayAdd + `
\gset old_
\set last :old_numbers + 1
\set first :last` + askWishes + sayTesters + sayRest)
