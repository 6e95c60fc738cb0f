-- Settled dead letters are removed when they are old.
create index dead_letters_settled on dead_letters (coalesce(replayed_at, discarded_at))
  where replayed_at is not null or discarded_at is not null;
