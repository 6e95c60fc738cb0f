-- What became of a dead letter: the admin had it replayed, and it was applied, or has discarded it.
-- Until then it is open, and alarms. A parked event that is discarded becomes a dead letter that is.
alter table dead_letters
  add column replayed_at  timestamptz,
  add column discarded_at timestamptz,
  add column settled_by   text; -- the user id of the request
create index dead_letters_open on dead_letters (created_at, id)
  where replayed_at is null and discarded_at is null;
create index parked_events_age on parked_events (created_at, id);
