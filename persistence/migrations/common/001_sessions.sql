-- Who writes here, and up to where it has been published. In every service's database.
-- Source: "Streams and fencing" in docs/protocols.md.

-- One row a run of a process. The orders database gives the numbers and knows more about them.
create table incarnations (
  incarnation bigint primary key,
  fenced      boolean not null default false
);

-- One row a journal session. It holds pg_advisory_lock(stream) as long as it lives.
create table streams (
  stream      bigint generated always as identity primary key check (stream < 16777216),
  incarnation bigint not null references incarnations,
  backend     integer not null default pg_backend_pid(),
  drained     boolean not null default false,
  opened_at   timestamptz not null default clock_timestamp()
);
create index on streams (incarnation) where not drained;

-- Everything of the stream up to and including `position` has a delivery report.
create table watermarks (
  stream     bigint primary key references streams,
  position   bigint not null,
  updated_at timestamptz not null default clock_timestamp()
);
