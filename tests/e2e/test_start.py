"""What the program does at its start with databases that are broken, away, or only four."""

from client import until
from instance import Databases, free_ports


def test_a_broken_migration_ends_the_start(other, databases):
    foreign = Databases(databases.server)
    try:
        foreign.run("orders", "create table order_items (of_somebody text)")
        other.launch({"TROUPE_DATABASES_ORDERS": foreign.conninfo["orders"]})
        assert other.process.wait(timeout=20) == 1
    finally:
        foreign.drop()
    assert "databases.orders: migration orders/001_orders.sql: SQLSTATE 42P07" in other.log()


def test_a_database_that_is_away_is_waited_for(other):
    port, = free_ports(1)
    other.launch({"TROUPE_DATABASES_ORDERS": f"host=127.0.0.1 port={port} dbname=nothing"})
    until(lambda: other.log().count("node.waits") >= 2)
    assert other.process.poll() is None
    assert other.client().get("/health/live").status == 200
    assert other.client().get("/health/ready").status == 503
    assert other.stop()[0] == 0


def test_four_databases_are_enough(instance):
    instance.running({"TROUPE_DATABASES_GATEWAY": ""})
    assert instance.db.one("payments", "select count(*) from ledger") == 0
