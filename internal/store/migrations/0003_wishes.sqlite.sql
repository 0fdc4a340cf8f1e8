-- Why a tester is not mailed any more though they neither declined nor left:
-- 0 nothing, 1 undeliverable, 2 unsubscribed, 3 complained. It was 0 or 1.
alter table testers rename column undeliverable to blocked;

-- Addresses that want no mail of a vendor, whatever is being tested.
create table refusals (
  vendor_id  text    not null references vendors (id),
  email_key  text    not null,
  reason     text    not null,
  created_at integer not null,
  primary key (vendor_id, email_key)
) strict, without rowid;

-- People who were erased: what is left is a digest under a key of its own, so
-- that last year's list does not invite them again.
create table forgotten (
  digest     blob    not null primary key,
  created_at integer not null
) strict, without rowid;
