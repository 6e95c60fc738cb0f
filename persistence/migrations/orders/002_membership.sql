-- The orders database is the directory of the nodes: who lives, and who owns which shard.

alter table incarnations
  alter column incarnation add generated always as identity,
  add column name        text not null,
  add column endpoint    text not null,
  add column lease_until timestamptz not null,
  add column started_at  timestamptz not null default clock_timestamp();
create index on incarnations (name) where not fenced;

create table shards (
  id    smallint primary key check (id between 0 and 63),
  owner bigint references incarnations,
  epoch bigint not null default 0
);
insert into shards (id) select generate_series(0, 63);
