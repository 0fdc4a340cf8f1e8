-- Servers on this database: each counts its row up, again and again.
create table replicas (
  id    text   not null primary key,
  beats bigint not null
);
