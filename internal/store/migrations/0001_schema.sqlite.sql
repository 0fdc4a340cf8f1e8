-- Times are milliseconds since 1970, UTC; 0 stands for never. Ids are made in Go.

create table vendors (
  id         text    not null primary key,
  name       text    not null,
  created_at integer not null
) strict, without rowid;

create table skills (
  id          text    not null primary key,
  vendor_id   text    not null references vendors (id),
  name        text    not null,
  created_at  integer not null,
  newest_test integer not null -- 0: never had one
) strict, without rowid;

create index skills_of_vendor on skills (vendor_id, id);

create table tests (
  id             integer not null primary key,
  skill_id       text    not null references skills (id),
  round          integer not null,
  status         text    not null,
  feedback_email text    not null,
  created_at     integer not null,
  expires_at     integer not null,
  ended_at       integer not null,
  testers        integer not null, -- in the test now: kept here, never counted
  numbers        integer not null, -- the highest tester number given
  queued         integer not null, -- STARTING and STOPPING: mailed up to this number
  unique (skill_id, round)
) strict;

create index tests_by_expiry on tests (expires_at)
  where status = 'RUNNING';

create index tests_in_steps on tests (id)
  where status in ('STARTING', 'STOPPING');

-- One b-tree, so that the testers of a test lie together: adding 500 of them
-- touches ten pages instead of five hundred. What a list row needs is here.
create table testers (
  test_id       integer not null,
  email_key     text    not null,
  number        integer not null,
  email         text    not null,
  state         text    not null,
  associated_at integer not null,
  notified_at   integer not null,
  feedback_at   integer not null,
  mails         integer not null,
  unsettled     integer not null, -- bits, see beta.MailKind.Bit
  undeliverable integer not null,
  primary key (test_id, email_key)
) strict, without rowid;

create unique index testers_by_number on testers (test_id, number);

-- Testers who were removed, and addresses that a call named in vain: where the
-- report of a batch finds the address of a number.
create table former_testers (
  test_id       integer not null,
  number        integer not null,
  email_key     text    not null,
  email         text    not null,
  associated_at integer not null, -- 0: was never in the test
  removed_at    integer not null,
  primary key (test_id, number)
) strict, without rowid;

create index former_testers_by_key on former_testers (test_id, email_key);

create table suppressions (
  test_id    integer not null,
  email_key  text    not null,
  reason     text    not null,
  created_at integer not null,
  primary key (test_id, email_key)
) strict, without rowid;

create table mails (
  test_id        integer not null,
  tester         integer not null,
  seq            integer not null,
  kind           text    not null,
  email_key      text    not null,
  email          text    not null,
  vendor_id      text    not null,
  batch_id       text    not null,
  request_id     text    not null,
  priority       integer not null, -- lower goes first
  queued_at      integer not null,
  due_at         integer not null, -- the next attempt; while sending: when the claim lapses
  state          text    not null,
  claim          text    not null, -- who is sending it
  attempts       integer not null,
  cuts           integer not null,
  unknowns       integer not null,
  settled_at     integer not null,
  relay          text    not null, -- of the last attempt, with its reply
  reply_step     text    not null,
  reply_code     integer not null,
  reply_enhanced text    not null,
  reply_text     text    not null,
  primary key (test_id, tester, seq)
) strict, without rowid;

create index mails_due on mails (priority, due_at)
  where state in ('queued', 'sending', 'deferred');

create table batches (
  id         text    not null primary key,
  test_id    integer not null,
  skill_id   text    not null,
  vendor_id  text    not null,
  by_name    text    not null,
  request_id text    not null,
  operation  text    not null,
  at         integer not null,
  entries    text    not null -- runs: [[result, reason, first number, last number], ...]
) strict, without rowid;

create table tokens (
  digest     blob    not null primary key, -- SHA-256; the token itself is nowhere
  vendor_id  text    not null references vendors (id),
  scope      text    not null,
  created_at integer not null,
  expires_at integer not null,
  revoked_at integer not null
) strict, without rowid;

create table keys (
  name       text    not null primary key,
  sealed     blob    not null, -- under the master key, which is not in the database
  created_at integer not null
) strict, without rowid;
