"""Two nodes on the same databases and Kafka: one owns the orders, the other stands by. The owner is
stopped past its lease, fenced, and woken again; the databases go away for longer than a lease."""

import signal
import time

import pytest

from client import until
from instance import Troupe
from shoppers import Shoppers

STANDBY = {"TROUPE_NODE_NAME": "node-2"}


def is_standby(troupe):
    try:
        seen = troupe.client().get("/health/ready").json["checks"].get("order.shards", {})
        return seen.get("detail", "").startswith("standby")
    except OSError:
        return False


@pytest.fixture
def standby(instance, troupe, tmp_path):
    """A second node, beside one that owns the orders before and after."""
    until(troupe.is_ready)
    other = Troupe(instance.binary, instance.db, instance.base["TROUPE_KAFKA_BROKERS"], tmp_path)
    other.base["TROUPE_EMAILING_SPOOL"] = str(instance.spool)
    other.launch(STANDBY)
    until(lambda: is_standby(other))
    yield other
    assert other.stop()[0] == 0
    until(troupe.is_ready)


def alive(troupe):
    """The incarnations that are not fenced, by name."""
    return dict(troupe.db.run("orders", "select name, incarnation from incarnations"
                              " where not fenced"))


def test_a_standby_reads_and_refuses_and_takes_over_at_an_orderly_end(troupe, standby):
    product = troupe.new_product()
    order = troupe.client().new_order(product)
    there = standby.client()
    until(lambda: there.place(product).code != "unknown_product")
    assert there.get("/health/ready").status == 503
    assert there.order(order)["status"] == "CREATED"
    assert there.get(f"/orders/{order}", user="somebody-else").status == 404
    for refused in (there.pay(order), there.place(product)):
        assert (refused.status, refused.code) == (503, "not_owner"), refused
        assert int(refused.headers["Retry-After"]) > 0
    assert troupe.stop()[0] == 0
    until(standby.is_ready)
    assert there.pay(order).json["success"]
    there.await_order(order, "CONFIRMED")
    troupe.launch()
    until(lambda: is_standby(troupe))


def test_an_owner_stopped_past_its_lease_is_fenced_and_comes_back(troupe, standby):
    old = alive(troupe)["node-1"]
    shoppers = Shoppers(troupe)

    def stop_fence_and_wake():
        troupe.process.send_signal(signal.SIGSTOP)
        until(standby.is_ready)
        assert "node-1" not in alive(troupe)
        # What the servers have in hand may be committed until its stream is closed.
        until(lambda: open_streams(troupe, old), lambda count: count == 0)
        rows = written_by(troupe, old)
        troupe.process.send_signal(signal.SIGCONT)
        return rows

    rows = shoppers.while_running(stop_fence_and_wake)
    assert sum(rows.values()) > 0
    until(lambda: is_standby(troupe))
    assert alive(troupe)["node-1"] > old
    assert standby.is_ready()
    for buyer in shoppers.all:
        buyer.client = standby.client()
    shoppers.must_all_end_well()
    assert written_by(troupe, old) == rows


def test_databases_away_for_longer_than_a_lease_fence_nobody(troupe, standby):
    order = troupe.client().new_order(troupe.new_product())
    before = alive(troupe)
    with troupe.db.away():
        time.sleep(10)  # the outage itself: three leases
        refused = troupe.client().pay(order)
        assert (refused.status, refused.code) == (503, "unavailable"), refused
        assert troupe.client().get("/health/ready").status == 503
    until(troupe.is_ready)
    assert troupe.client().pay(order).json["success"]
    until(lambda: is_standby(standby))
    time.sleep(4)  # longer than it takes to fence whoever does not renew
    assert alive(troupe) == before


JOURNALS = {"orders": "order_status_history", "payments": "payment_journal",
            "inventory": "stock_ledger"}


def open_streams(troupe, incarnation):
    return sum(troupe.db.one(database, "select count(*) from streams where incarnation = %s"
                             " and closed is null", (incarnation,)) for database in JOURNALS)


def written_by(troupe, incarnation):
    """How many rows of each journal are in streams of this incarnation."""
    return {database: troupe.db.one(
        database, f"select count(*) from {table} join streams on stream = position >> 39"
        " where incarnation = %s", (incarnation,)) for database, table in JOURNALS.items()}
