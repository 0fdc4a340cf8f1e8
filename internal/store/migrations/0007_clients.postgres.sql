-- As on SQLite, which has the comments.
create table clients (
  id            text collate "C" not null primary key,
  vendor_id     text collate "C" references vendors (id),
  name          text   not null,
  secret        bytea  not null,
  scope         text   not null,
  redirect_uris text   not null,
  created_at    bigint not null,
  revoked_at    bigint not null
);

create index clients_of_vendor on clients (vendor_id, id);

create table grants (
  digest     bytea  not null primary key,
  client_id  text collate "C" not null references clients (id),
  vendor_id  text collate "C" not null references vendors (id),
  person     text   not null,
  scope      text   not null,
  created_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint not null
);

create index grants_of_client on grants (client_id);

create index grants_by_expiry on grants (expires_at)
  where expires_at > 0;

create table codes (
  digest       bytea  not null primary key,
  client_id    text collate "C" not null references clients (id),
  vendor_id    text collate "C" not null references vendors (id),
  person       text   not null,
  scope        text   not null,
  redirect_uri text   not null,
  challenge    text   not null,
  expires_at   bigint not null,
  gave         bytea  not null
);

create index codes_by_expiry on codes (expires_at);

alter table tokens add column grant_digest bytea not null default '';

create index tokens_by_expiry on tokens (expires_at);
