-- Who can sign in. Of what their browsers hold only a digest is kept.
create table people (
  id         text    not null primary key,
  email_key  text    not null unique,
  email      text    not null,
  name       text    not null,
  language   text    not null,
  created_at integer not null
) strict, without rowid;

create table roles (
  person_id text not null references people (id),
  vendor_id text not null references vendors (id),
  part      text not null,
  primary key (person_id, vendor_id)
) strict, without rowid;

create index roles_of_vendor on roles (vendor_id, person_id);

-- Somebody who asked to sign in as whoever has an address, known here or not.
create table sign_ins (
  digest    blob    not null primary key, -- of the cookie of the browser that asked
  mail_id   integer not null unique, -- the test_id of the mail with the code; the code follows from it
  email_key text    not null,
  back      text    not null,
  asked_at  integer not null,
  good_to   integer not null, -- until when the code works; 0: none was written yet
  tries     integer not null,
  used_at   integer not null
) strict, without rowid;

create index sign_ins_by_age on sign_ins (asked_at);

create index sign_ins_of on sign_ins (email_key);

create table sessions (
  digest     blob    not null primary key, -- of the cookie
  person_id  text    not null references people (id),
  created_at integer not null,
  expires_at integer not null
) strict, without rowid;

create index sessions_of on sessions (person_id);

create index sessions_by_expiry on sessions (expires_at);
