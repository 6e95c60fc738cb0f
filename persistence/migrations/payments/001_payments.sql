-- Payments, their attempts at the gateway, and the journal of the payment service, whose rows are
-- the outbox.

-- One row an order: the sum of its attempts. Whoever writes an attempt locks this row first.
create table payments (
  id text primary key,
  order_id text not null unique,
  amount bigint not null check (amount >= 0), -- cents
  status text not null default 'PENDING'
    check (status in ('PENDING', 'SUCCESS', 'FAILED', 'REFUND_PENDING', 'REFUNDED')),
  transaction_id text,
  step integer not null default 0, -- number of the order's journal rows
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
);

-- `key` is the gateway's idempotency key. `incarnation`: who began it, and may still be at it.
create table payment_attempts (
  order_id text not null references payments (order_id),
  attempt integer not null,
  key text not null unique,
  amount bigint not null check (amount >= 0),
  status text not null default 'PENDING'
    check (status in ('PENDING', 'CAPTURED', 'DECLINED', 'VOIDED')),
  refund text not null default 'NONE'
    check (refund in ('NONE', 'PENDING', 'REFUNDED', 'REFUSED')),
  transaction_id text,
  reason text,
  incarnation bigint not null,
  traceparent text not null default '', -- of the request that asked for the refund
  tries integer not null default 0,     -- of the refund, so far
  next_try_at timestamptz,              -- of the refund, while it is PENDING
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (order_id, attempt),
  check (refund = 'NONE' or status = 'CAPTURED'),
  check ((refund = 'PENDING') = (next_try_at is not null))
);
create index payment_attempts_pending on payment_attempts (incarnation) where status = 'PENDING';
create index payment_attempts_due on payment_attempts (next_try_at) where refund = 'PENDING';

create table payment_journal (
  position bigint primary key,
  order_id text not null references payments (order_id),
  attempt integer not null,
  step integer not null,
  kind text not null, -- BEGUN, CAPTURED, DECLINED, VOIDED, REFUND_PENDING, REFUNDED, REFUSED
  events json not null default '[]',
  at timestamptz not null default clock_timestamp(),
  unique (order_id, step),
  unique (order_id, attempt, kind)
);
