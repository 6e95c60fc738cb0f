-- The payment gateway simulator's books. A key is a line for ever: nothing here is deleted.
create table ledger (
  key text primary key check (length(key) between 1 and 255),
  kind text not null check (kind in ('charge', 'refund')),
  status text not null,
  charge_key text,                        -- refund: of the charge that it gives back
  order_id text not null default '',
  amount bigint not null default 0 check (amount >= 0),  -- cents
  currency text not null default '',
  card_last4 text not null default '' check (length(card_last4) <= 4), -- never the whole card
  transaction_id text not null default '',
  reason text not null default '',
  refunded_by text references ledger (key), -- charge: the refund that gave it back
  calls bigint not null default 0,        -- how often a charge or refund presented the key
  created_at timestamptz not null default clock_timestamp(),
  check ((kind = 'charge' and status in ('captured', 'declined', 'voided') and charge_key is null)
      or (kind = 'refund' and status in ('refunded', 'refused') and charge_key is not null)),
  check (refunded_by is null or (kind = 'charge' and status = 'captured'))
);

create index ledger_order on ledger (order_id, created_at);

-- Money goes back once a charge, whatever the code does.
create unique index ledger_one_refund on ledger (charge_key) where status = 'refunded';
