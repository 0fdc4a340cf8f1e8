-- What 0001 to 0005 came to on SQLite, which have the comments. Text compares
-- by byte.

create table vendors (
  id         text collate "C" not null primary key,
  name       text   not null,
  created_at bigint not null
);

create table skills (
  id          text collate "C" not null primary key,
  vendor_id   text collate "C" not null references vendors (id),
  name        text   not null,
  created_at  bigint not null,
  newest_test bigint not null
);

create index skills_of_vendor on skills (vendor_id, id);

create table tests (
  id             bigint not null primary key,
  skill_id       text collate "C" not null references skills (id),
  round          bigint not null,
  status         text   not null,
  feedback_email text   not null,
  created_at     bigint not null,
  expires_at     bigint not null,
  ended_at       bigint not null,
  testers        bigint not null,
  numbers        bigint not null,
  queued         bigint not null,
  language       text   not null default '',
  unique (skill_id, round)
) with (fillfactor = 50);

create index tests_by_expiry on tests (expires_at)
  where status = 'RUNNING';

create index tests_in_steps on tests (id)
  where status in ('STARTING', 'STOPPING');

create table testers (
  test_id       bigint not null,
  email_key     text collate "C" not null,
  number        bigint not null,
  email         text   not null,
  state         text   not null,
  associated_at bigint not null,
  notified_at   bigint not null,
  feedback_at   bigint not null,
  mails         bigint not null,
  unsettled     bigint not null,
  blocked       bigint not null,
  language      text   not null default '',
  primary key (test_id, email_key)
) with (fillfactor = 80);

create unique index testers_by_number on testers (test_id, number);

create table former_testers (
  test_id       bigint not null,
  number        bigint not null,
  email_key     text collate "C" not null,
  email         text   not null,
  associated_at bigint not null,
  removed_at    bigint not null,
  language      text   not null default '',
  primary key (test_id, number)
);

create index former_testers_by_key on former_testers (test_id, email_key);

create table suppressions (
  test_id    bigint not null,
  email_key  text collate "C" not null,
  reason     text   not null,
  created_at bigint not null,
  primary key (test_id, email_key)
);

create table mails (
  test_id      bigint not null,
  tester       bigint not null,
  seq          bigint not null,
  kind         text   not null,
  email_key    text collate "C" not null,
  email        text   not null,
  vendor_id    text collate "C" not null,
  batch_id     text collate "C" not null,
  request_id   text   not null,
  priority     bigint not null,
  queued_at    bigint not null,
  due_at       bigint not null,
  state        text   not null,
  claim        text   not null,
  attempts     bigint not null,
  cuts         bigint not null,
  unknowns     bigint not null,
  settled_at   bigint not null,
  attempts_log text   not null default '',
  primary key (test_id, tester, seq)
);

create index mails_due on mails (priority, due_at)
  where state in ('queued', 'sending', 'deferred');

create table batches (
  id           text collate "C" not null primary key,
  test_id      bigint not null,
  skill_id     text collate "C" not null,
  vendor_id    text collate "C" not null,
  by_name      text   not null,
  request_id   text   not null,
  operation    text   not null,
  at           bigint not null,
  entries      text   not null,
  first_tester bigint not null default 0,
  last_tester  bigint not null default 0
);

create index batches_of_one on batches (test_id, first_tester)
  where first_tester = last_tester;

create index batches_of_several on batches (test_id, id)
  where first_tester < last_tester;

create table tokens (
  digest     bytea  not null primary key,
  vendor_id  text collate "C" not null references vendors (id),
  scope      text   not null,
  created_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint not null
);

create table keys (
  name       text collate "C" not null primary key,
  sealed     bytea  not null,
  created_at bigint not null
);

create table refusals (
  vendor_id  text collate "C" not null references vendors (id),
  email_key  text collate "C" not null,
  reason     text   not null,
  created_at bigint not null,
  primary key (vendor_id, email_key)
);

create table forgotten (
  digest     bytea  not null primary key,
  created_at bigint not null
);

create table feedback (
  test_id    bigint not null,
  number     bigint not null,
  seq        bigint not null,
  kind       text   not null,
  rating     bigint not null,
  text       text   not null,
  created_at bigint not null,
  primary key (test_id, number, seq)
);

create index feedback_by_time on feedback (test_id, created_at, number, seq);
