-- The orders, and the history whose rows are the outbox. Amounts are cents.
--
-- Items and history rows are only ever written by the statement that writes their order, and
-- nothing is deleted, so they carry no foreign keys: checking these took a third of a batch.

create table orders (
  id               text primary key,
  user_id          text not null,
  total_amount     bigint not null check (total_amount >= 0),
  status           text not null,
  payment_status   text not null,
  created_at       timestamptz not null,
  updated_at       timestamptz not null,
  shipping_address json not null,
  version          integer not null check (version > 0),
  shard            smallint not null check (shard between 0 and 63),
  attempt          integer not null,
  transaction_id   text not null,
  stock_held       boolean not null,
  rounds           integer not null,
  deadline_at      timestamptz -- null: nobody owes the order a step
);
create index on orders (shard, deadline_at) where deadline_at is not null;
create index on orders (user_id, created_at desc, id desc);

create table order_items (
  id           text primary key,
  order_id     text not null,
  line         smallint not null,
  product_id   text not null,
  quantity     integer not null check (quantity > 0),
  price        bigint not null check (price >= 0),
  product_name text not null,
  image_url    text not null,
  unique (order_id, line)
);

-- One row a transition. `position` is the step's id and the proof of its commit.
create table order_status_history (
  position       bigint primary key,
  id             text not null,
  order_id       text not null,
  version        integer not null,
  status         text not null,
  payment_status text not null,
  message        text not null,
  events         json not null,
  "timestamp"    timestamptz not null,
  unique (order_id, version)
);

create table idempotency_keys (
  scope      text primary key,
  body_hash  text not null,
  order_id   text not null,
  version    integer not null,
  created_at timestamptz not null
);
