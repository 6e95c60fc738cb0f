-- Everybody's orders, newest first, of one status or of all: read status by status and merged, so
-- that one index serves both and a step of an order costs no second one.
create index orders_of_status on orders (status, created_at desc, id desc);
