-- What every attempt to send a mail came to, a line of JSON each:
-- [at, state, relay, step, code, enhanced code, text, queue id]. It stood in
-- columns of its own for the last attempt only.
alter table mails add column attempts_log text not null default '';

update mails
set attempts_log = json_array(settled_at, state, relay, reply_step, reply_code, reply_enhanced, reply_text, '') || char(10)
where relay <> '' or reply_step <> '' or reply_text <> '';

alter table mails drop column relay;
alter table mails drop column reply_step;
alter table mails drop column reply_code;
alter table mails drop column reply_enhanced;
alter table mails drop column reply_text;

-- The lowest and the highest number that a batch names; 0 for none. What was
-- done to one tester is found among the batches of one number by the first
-- index, among the fewer of several by the second.
alter table batches add column first_tester integer not null default 0;
alter table batches add column last_tester integer not null default 0;

update batches
set first_tester = (select coalesce(min(value ->> 2), 0) from json_each(entries)),
    last_tester = (select coalesce(max(value ->> 3), 0) from json_each(entries));

create index batches_of_one on batches (test_id, first_tester)
  where first_tester = last_tester;

create index batches_of_several on batches (test_id, id)
  where first_tester < last_tester;
