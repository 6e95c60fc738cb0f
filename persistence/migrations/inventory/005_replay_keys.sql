-- A key may also stand for the replay of a letter, instead of a product. Its answer:
alter table idempotency_keys
  add column replay_error bytea, -- why it was not applied; empty: it was
  alter product_id drop not null,
  add check (num_nonnulls(product_id, replay_error) = 1);
