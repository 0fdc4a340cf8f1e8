-- Programs that get tokens. Of secrets, tokens and codes only the SHA-256 is kept.
create table clients (
  id            text    not null primary key,
  vendor_id     text    references vendors (id), -- null: acts for whichever vendor a person chooses
  name          text    not null,
  secret        blob    not null,
  scope         text    not null,
  redirect_uris text    not null, -- one a line
  created_at    integer not null,
  revoked_at    integer not null
) strict, without rowid;

create index clients_of_vendor on clients (vendor_id, id);

-- What refresh tokens stand for.
create table grants (
  digest     blob    not null primary key,
  client_id  text    not null references clients (id),
  vendor_id  text    not null references vendors (id),
  person     text    not null, -- empty: the client acts for itself
  scope      text    not null,
  created_at integer not null,
  expires_at integer not null, -- 0: good until it is revoked; then when that was
  revoked_at integer not null
) strict, without rowid;

create index grants_of_client on grants (client_id);

create index grants_by_expiry on grants (expires_at)
  where expires_at > 0;

create table codes (
  digest       blob    not null primary key,
  client_id    text    not null references clients (id),
  vendor_id    text    not null references vendors (id),
  person       text    not null,
  scope        text    not null,
  redirect_uri text    not null,
  challenge    text    not null,
  expires_at   integer not null,
  gave         blob    not null -- the grant, once it was redeemed; empty before
) strict, without rowid;

create index codes_by_expiry on codes (expires_at);

-- The grant that an access token came of; empty when the operator made it.
alter table tokens add column grant_digest blob not null default x'';

create index tokens_by_expiry on tokens (expires_at);
