-- Which product a key of POST /inventory made. The answer is computed: the same body, version 1.
create table idempotency_keys (
  scope      text primary key,
  body_hash  text not null,
  product_id text not null,
  created_at timestamptz not null default clock_timestamp()
);
