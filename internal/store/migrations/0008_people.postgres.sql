-- As on SQLite, which has the comments.
create table people (
  id         text collate "C" not null primary key,
  email_key  text collate "C" not null unique,
  email      text    not null,
  name       text    not null,
  language   text    not null,
  created_at bigint not null
);

create table roles (
  person_id text collate "C" not null references people (id),
  vendor_id text collate "C" not null references vendors (id),
  part      text not null,
  primary key (person_id, vendor_id)
);

create index roles_of_vendor on roles (vendor_id, person_id);

create table sign_ins (
  digest    bytea   not null primary key,
  mail_id   bigint not null unique,
  email_key text collate "C" not null,
  back      text    not null,
  asked_at  bigint not null,
  good_to   bigint not null,
  tries     bigint not null,
  used_at   bigint not null
);

create index sign_ins_by_age on sign_ins (asked_at);

create index sign_ins_of on sign_ins (email_key);

create table sessions (
  digest     bytea   not null primary key,
  person_id  text collate "C" not null references people (id),
  created_at bigint not null,
  expires_at bigint not null
);

create index sessions_of on sessions (person_id);

create index sessions_by_expiry on sessions (expires_at);
