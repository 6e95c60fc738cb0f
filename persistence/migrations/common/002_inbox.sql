-- Consumed events that could not be applied. In every service's database.
-- Source: "Consuming" in docs/protocols.md.

-- Too early: wait beside their order.
create table parked_events (
  id            bigint generated always as identity primary key,
  order_id      text not null,
  ce_source     text not null,
  ce_id         text not null,
  topic         text not null,
  partition     integer not null,
  record_offset bigint not null,
  key           text not null,
  value         bytea not null,
  tombstone     boolean not null default false,
  traceparent   text not null default '',
  created_at    timestamptz not null default clock_timestamp(),
  unique (ce_source, ce_id)
);
create index on parked_events (order_id);

-- Cannot be read or applied: wait for the admin. A foreign producer's key may be any bytes.
create table dead_letters (
  id            bigint generated always as identity primary key,
  consumer      text not null,
  topic         text not null,
  partition     integer not null,
  record_offset bigint not null,
  ce_source     text not null,
  ce_id         text not null,
  key           bytea not null,
  value         bytea not null,
  tombstone     boolean not null default false,
  traceparent   text not null default '',
  order_id      text,
  error         text not null,
  created_at    timestamptz not null default clock_timestamp(),
  digest        bytea not null generated always as (sha256(value)) stored,
  unique (consumer, topic, partition, record_offset, digest)
);
