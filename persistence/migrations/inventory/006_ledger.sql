-- What the owner did to a product, newest first; the other rows are orders'.
create index stock_ledger_edits on stock_ledger ((lines -> 0 ->> 'productId'), step)
  where order_id is null;
