-- A key may also stand for the replay of a letter, instead of a step of an order. Its answer:
alter table idempotency_keys
  add column replay_error bytea, -- why it was not applied; empty: it was
  alter order_id drop not null,
  alter version drop not null,
  alter created_at set default clock_timestamp(),
  add check (num_nonnulls(order_id, version) = case when replay_error is null then 2 else 0 end);
