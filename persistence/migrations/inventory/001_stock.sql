-- The catalogue with its units, what each order holds of it, and the ledger: the journal table of
-- the inventory service, whose rows are the outbox.

-- `stock` can still be sold; reserved and sold units are out of it. The last check is the promise
-- that no unit is ever invented or lost: initial + the admin's adjustments = stock + reserved + sold.
create table products (
  id text primary key,
  name text not null,
  description text not null default '',
  price bigint not null check (price >= 0), -- cents
  stock bigint not null check (stock >= 0),
  reserved bigint not null default 0 check (reserved >= 0),
  sold bigint not null default 0 check (sold >= 0),
  initial bigint not null check (initial >= 0),
  adjusted bigint not null default 0,
  category text not null default '',
  image_url text not null default '',
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  -- The transaction that last wrote the row: readers ask for what changed since a mark.
  changed_by xid8 not null default pg_current_xact_id(),
  check (initial + adjusted = stock + reserved + sold)
);
create index products_changed_by on products (changed_by);
create index products_name on products (name, id);

-- One record an order. `version` rises with every write of the row, also with one that only parks
-- an event; `step` numbers the order's ledger rows.
create table stock_orders (
  order_id text primary key,
  state text not null check (state in ('unknown', 'reserved', 'short', 'sold', 'released')),
  lines json not null default '[]', -- [{"productId":…,"quantity":…}]
  step integer not null default 0,
  version integer not null default 1,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
);

-- `kind` is what happened to the order's stock, once each; `moves` is how the units of every line
-- went. An entry without an order is an adjustment by the admin.
create table stock_ledger (
  position bigint primary key,
  order_id text references stock_orders,
  step integer not null,
  kind text not null,
  moves text not null,
  lines json not null,
  events json not null default '[]',
  at timestamptz not null default clock_timestamp(),
  unique (order_id, step)
);
create unique index stock_ledger_once on stock_ledger (order_id, kind) where order_id is not null;

-- Ends the transaction when a guarded statement did not meet what it expected: an update that
-- matches nothing is no error by itself, and the rest of the batch would commit.
create function expect_rows(actual bigint, expected bigint, what text) returns void
language plpgsql as $$
begin
  if actual <> expected then
    raise exception '%: % rows of % were as expected', what, actual, expected
      using errcode = 'serialization_failure';
  end if;
end $$;
