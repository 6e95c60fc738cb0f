"""Two nodes on the same databases and Kafka: one owns the orders, the other stands by. The owner is
stopped past its lease, also in the middle of a batch, fenced, and woken again; the databases go away
for longer than a lease."""

import contextlib
import signal
import time

import pytest

from client import until
from crowd import Crowd
from instance import Troupe
from shoppers import Shoppers

STANDBY = {"TROUPE_NODE_NAME": "node-2"}


def is_standby(troupe):
    try:
        seen = troupe.client().get("/health/ready").json["checks"].get("order.shards", {})
        return seen.get("detail", "").startswith("standby")
    except OSError:
        return False


@contextlib.contextmanager
def standing_by(owner, folder):
    """A second node, beside one that owns the orders before and after."""
    until(owner.is_ready)
    other = Troupe(owner.binary, owner.db, owner.base["TROUPE_KAFKA_BROKERS"], folder)
    other.base["TROUPE_EMAILING_SPOOL"] = str(owner.spool)
    other.launch(STANDBY)
    try:
        until(lambda: is_standby(other))
        yield other
        assert other.stop()[0] == 0
    finally:
        other.end()  # whatever failed: the next test must not meet it
    until(owner.is_ready)


@pytest.fixture
def standby(troupe, tmp_path):
    with standing_by(troupe, tmp_path) as other:
        yield other


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
        return await_fence_and_wake(troupe, standby, old)

    rows = shoppers.while_running(stop_fence_and_wake)
    must_have_come_back(troupe, standby, old)
    for buyer in shoppers.all:
        buyer.client = standby.client()
    shoppers.must_all_end_well()
    assert written_by(troupe, old) == rows


def test_an_owner_stopped_in_the_middle_of_a_batch_commits_nothing_of_it(instance, tmp_path):
    instance.running({"TROUPE_FAIL_POINTS": "batch.half_sent=stop@12"})
    with standing_by(instance, tmp_path) as standby:
        old = alive(instance)["node-1"]
        crowd = Crowd(instance)

        def fence_and_wake():
            until(instance.is_stopped)
            holder = until(lambda: half_sent(instance), lambda found: len(found) == 1)
            rows = await_fence_and_wake(instance, standby, old)
            assert half_sent(instance) == [], holder
            return rows

        rows = crowd.during(fence_and_wake)
        must_have_come_back(instance, standby, old)
        for customer in crowd.all:
            customer.client = standby.client()
        crowd.must_end_well()
        assert written_by(instance, old) == rows


@pytest.mark.long
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


def await_fence_and_wake(owner, standby, old):
    """How much the stopped owner has written when it is woken."""
    until(standby.is_ready)
    assert "node-1" not in alive(owner)
    # What the servers have in hand may be committed until its stream is closed.
    until(lambda: open_streams(owner, old), lambda count: count == 0)
    rows = written_by(owner, old)
    assert sum(rows.values()) > 0
    owner.process.send_signal(signal.SIGCONT)
    return rows


def must_have_come_back(owner, standby, old):
    until(lambda: is_standby(owner))
    assert alive(owner)["node-1"] > old
    assert standby.is_ready()


def half_sent(troupe):
    """Sessions that have written and wait in the middle of a batch for the rest of it."""
    return troupe.db.run("orders", """
        select datname, pid from pg_stat_activity where datname = any(%s) and state = 'active'
           and wait_event = 'ClientRead' and backend_xid is not null""",
                         (list(troupe.db.names.values()),))


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
