-- The figures of GET /analytics/orders, kept up to date by folding the history's new rows in, so
-- that they cost the same at a million orders as at a thousand. Sums are numeric: no overflow.

-- Up to where each journal stream is folded in. A stream's rows are committed in the order of
-- their positions, so one position says it. Complete: drained, and nothing is left.
create table figures_folded (
  stream   bigint primary key references streams,
  position bigint not null,
  complete boolean not null
);

create table figures_by_status (
  status         text,
  payment_status text,
  orders         bigint not null,
  amount         numeric not null,
  primary key (status, payment_status)
);

-- COMPLETED orders, by the UTC day of their completion.
create table figures_by_day (
  day     date primary key,
  orders  bigint not null,
  revenue numeric not null
);

-- What COMPLETED orders sold; the name is that of the newest order.
create table figures_by_product (
  product_id text primary key,
  name       text not null,
  named_at   timestamptz not null,
  quantity   numeric not null,
  revenue    numeric not null
);
create index on figures_by_product (quantity desc, product_id);
