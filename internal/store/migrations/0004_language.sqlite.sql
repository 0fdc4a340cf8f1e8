-- The language that somebody is written to in: a tag such as de or de-AT,
-- empty for the test's; of a test, empty for English.
alter table testers add column language text not null default '';
alter table former_testers add column language text not null default '';
alter table tests add column language text not null default '';
