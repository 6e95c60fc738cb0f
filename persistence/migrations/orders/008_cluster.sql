-- Several nodes own the shards together: how each is reached, and when it takes part.
alter table incarnations
  add column address  text not null default '', -- of its cluster gate; empty: it takes no part
  add column protocol integer not null default 1,
  add column joins_at timestamptz not null default clock_timestamp(),
  add column leaving  boolean not null default false;
