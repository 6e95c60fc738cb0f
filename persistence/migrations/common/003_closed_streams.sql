-- When a stream was closed for ever: set by the first session that took its lock after its writer,
-- right after it had it. What a transaction that `closed` does not show has written in the stream
-- was committed after that, which must never be; the audit looks for it.
-- Transaction ids mean nothing in another cluster: after restoring a dump, set both to null.
alter table streams
  add column closed    pg_snapshot,
  add column closed_at timestamptz;
