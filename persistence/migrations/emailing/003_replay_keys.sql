-- What the replay of a letter under a key was answered.
create table idempotency_keys (
  scope        text primary key,
  body_hash    text not null,
  replay_error bytea not null, -- why it was not applied; empty: it was
  created_at   timestamptz not null default clock_timestamp()
);
-- Used keys are removed when they are old.
create index idempotency_keys_age on idempotency_keys (created_at);
