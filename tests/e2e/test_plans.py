"""An order's way touches the rows of its orders, however many others there are."""

from client import until
from shoppers import Shoppers

TABLES = {
    "orders": ("orders", "order_items", "order_status_history"),
    "payments": ("payments", "payment_attempts", "payment_journal"),
    "inventory": ("stock_orders", "stock_ledger"),
    "emailing": ("notifications", "emails", "order_users"),
}


def whole_reads(troupe):
    """How often each table was read from its beginning to its end. A session tells at its end, ours
    as well as Troupe's."""
    troupe.db.reconnect()
    until(lambda: troupe.db.one(
        "orders", "select count(*) from pg_stat_activity where datname = any(%s)"
        " and backend_type = 'client backend' and pid <> pg_backend_pid()",
        (list(troupe.db.names.values()),)) == 0)
    return {(database, table): troupe.db.one(
        database, "select seq_scan from pg_stat_user_tables where relname = %s", (table,))
        for database, tables in TABLES.items() for table in tables}


def test_no_table_is_read_as_a_whole(instance):
    instance.running()
    instance.stop()
    before = whole_reads(instance)
    instance.start()
    Shoppers(instance, 60).while_running(lambda: None)
    code, _ = instance.stop()
    assert code == 0
    more = {table: count - before[table] for table, count in whole_reads(instance).items()}
    # A few at the start, for what is done once; not with every batch.
    assert all(count < 5 for count in more.values()), more
