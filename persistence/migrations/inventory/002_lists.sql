-- The catalogue in its other orders; (name, id) is there already. Each is read in both directions.
create index products_price on products (price, id);
create index products_created on products (created_at, id);
