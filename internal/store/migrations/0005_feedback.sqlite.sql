-- What testers wrote. The text is theirs: erasing a person deletes their rows.
create table feedback (
  test_id    integer not null,
  number     integer not null,
  seq        integer not null, -- counted with the tester's mails; the one that forwards it has the same
  kind       text    not null,
  rating     integer not null, -- 1 to 5; 0: none was given
  text       text    not null,
  created_at integer not null,
  primary key (test_id, number, seq)
) strict, without rowid;

create index feedback_by_time on feedback (test_id, created_at, number, seq);
