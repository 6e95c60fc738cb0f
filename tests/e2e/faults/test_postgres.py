"""PostgreSQL is stopped, frozen, full or out of connections while customers buy, or commits and loses
the answer. Meanwhile they are told to wait and nothing else, afterwards all of them get what they
wanted, without help."""

import os
import random
import re
import shutil
import tempfile
import threading
import time
from pathlib import Path

import psycopg2
import pytest

import audit
from broker import Broker
from client import order_of, until
from full_disk import disk_for
from instance import Databases, Troupe
from postgres import Postgres
from shoppers import Shoppers


@pytest.fixture(scope="module")
def place():
    """Not in pytest's own folder, which the database's user may not enter."""
    made = Path(tempfile.mkdtemp(prefix="troupe-disk."))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def disk(place):
    return disk_for(place / "postgres")


@pytest.fixture(scope="module")
def server(disk, place):
    made = Postgres(place / "postgres", disk.environment)
    yield made
    made.end()


@pytest.fixture(scope="module")
def shop(request, server, folder):
    """A Troupe on that server. It has a Kafka of its own, too: topics have fixed names."""
    broker = Broker(folder / "kafka-of-postgres")
    databases = Databases(server.server)
    work = folder / "shop-of-postgres"
    work.mkdir()
    made = Troupe(os.environ["TROUPE_BINARY"], databases, broker.address, work)
    made.start()
    yield made
    made.end()
    broker.end()


@pytest.fixture
def troupe(shop):
    """For the fixtures and the report of every test."""
    until(shop.is_ready)
    return shop


def alive(troupe):
    """The incarnations that are not fenced."""
    return troupe.db.run("orders", "select incarnation from incarnations where not fenced")


@pytest.mark.long
def test_stopped_at_once_and_started(troupe, server):
    """In the middle of batches: it was sent them, and ends before it has read them."""
    shoppers = Shoppers(troupe)
    another = troupe.new_product()
    before, since = alive(troupe), len(troupe.log())

    def stop_and_start():
        server.freeze()
        with pytest.raises(OSError):  # so that a batch is under way
            troupe.client(limit=1).place(another)
        server.stop()
        until(lambda: troupe.client().get("/health/ready").status == 503)
        until(lambda: troupe.client().post("/orders/c000000000000000000000000/cancel").status == 503)
        server.start()
    shoppers.while_running(stop_and_start)
    troupe.db.reconnect()
    shoppers.must_all_end_well()
    assert re.search(r"journal\.settled committed=0 of=[1-9]", troupe.log()[since:])
    assert alive(troupe) == before


def test_sessions_ended_in_the_middle_of_commits(troupe):
    shoppers = Shoppers(troupe)

    def end_sessions():
        ended = 0
        for _ in range(25):
            time.sleep(shoppers.random.uniform(0, 0.06))  # any moment of a commit
            ended += troupe.db.end_sessions_of_troupe()
        return ended
    assert shoppers.while_running(end_sessions) > 25
    shoppers.must_all_end_well()


def test_frozen_for_longer_than_a_lease(troupe, server):
    shoppers = Shoppers(troupe, 60)

    def freeze():
        server.freeze()
        try:
            time.sleep(5)
        finally:
            server.thaw()
    before = alive(troupe)
    shoppers.while_running(freeze)
    shoppers.must_all_end_well()
    assert alive(troupe) == before


@pytest.mark.long
def test_an_end_while_it_is_frozen(troupe, server):
    shoppers = Shoppers(troupe, 60)

    def freeze_and_end():
        server.freeze()
        try:
            return troupe.stop()
        finally:
            server.thaw()
    _, seconds = shoppers.while_running(freeze_and_end)
    assert seconds < 10
    troupe.start()
    shoppers.must_all_end_well()


@pytest.mark.long
def test_answers_to_commits_are_lost(troupe):
    """Commits wait for a standby that does not exist: they are durable, and their sessions end before
    they can say so."""
    shoppers = Shoppers(troupe, 60)
    since = len(troupe.log())

    def lose_answers():
        troupe.db.on_server("alter system set synchronous_standby_names = 'nobody'",
                            "select pg_reload_conf()")
        try:  # of a batch of orders, not only of a watermark
            until(lambda: troupe.db.one("orders", """
                select count(pg_terminate_backend(pid)) from pg_stat_activity
                 where datname = current_database() and wait_event = 'SyncRep'
                   and (query like %s or query like %s)""",
                                        ("%ws as materialized%", "%from idempotency_keys%")))
        finally:
            troupe.db.on_server("alter system reset synchronous_standby_names",
                                "select pg_reload_conf()")
        until(lambda: re.search(r"journal\.settled committed=[1-9]", troupe.log()[since:]))
    shoppers.while_running(lose_answers)
    shoppers.must_all_end_well()


def test_out_of_connections(troupe, server):
    shoppers = Shoppers(troupe, 60)
    before, since = alive(troupe), len(troupe.log())
    hoard = []

    def takes_all():
        troupe.db.end_sessions_of_troupe()
        for _ in range(300):
            try:
                hoard.append(psycopg2.connect(server.server))
            except psycopg2.OperationalError:
                return True
        return False

    def starves():
        return (takes_all() and troupe.client().get("/health/ready").status == 503
                and re.search("too many clients|connection slots", troupe.log()[since:]))

    def starve():
        try:
            until(starves)
        finally:
            for connection in hoard:
                connection.close()
    shoppers.while_running(starve)
    shoppers.must_all_end_well()
    assert "worker.crashed" not in troupe.log()[since:]
    assert alive(troupe) == before


@pytest.mark.long
def test_a_full_disk(troupe, disk):
    shoppers = Shoppers(troupe, 60)
    another = troupe.new_product()
    before, since = alive(troupe), len(troupe.log())

    def fill():
        # A new segment of its log, which has its room already: else it might end here.
        troupe.db.on_server("select pg_switch_wal()", "create table room ()", "drop table room")
        with disk.full():
            until(lambda: troupe.client(limit=30).place(another),
                  lambda answer: answer.status == 503, limit=60)
    shoppers.while_running(fill)
    log = troupe.log()[since:]
    assert "No space left on device" in log
    assert "worker.crashed" not in log
    assert alive(troupe) == before
    shoppers.must_all_end_well()


def test_deadlocks_provoked(troupe):
    """Somebody locks the products' rows the other way round, again and again. The server looks for
    deadlocks before Troupe's patience with a lock ends, and its victim is always Troupe."""
    a, b = sorted(troupe.new_product(stock=2000) for _ in range(2))
    over = threading.Event()
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)

    def meddle():
        session = psycopg2.connect(troupe.db.conninfo["inventory"],
                                   options="-c deadlock_timeout=60s")
        while not over.is_set():
            with session, session.cursor() as cursor:
                for product in (b, a):
                    cursor.execute("select 1 from products where id = %s for update", (product,))
                    time.sleep(chance.uniform(0, 0.03))
            # In which a second try gets through, on a busy machine, too.
            time.sleep(chance.uniform(0.05, 0.07))
        session.close()

    def deadlocks():
        return troupe.db.one("inventory", "select deadlocks from pg_stat_database"
                             " where datname = current_database()")
    troupe.db.on_server("alter system set deadlock_timeout = '50ms'", "select pg_reload_conf()")
    before, since = deadlocks(), len(troupe.log())
    meddler = threading.Thread(target=meddle)
    meddler.start()
    try:
        client = troupe.client()
        orders = []
        while len(orders) < 40 or deadlocks() < before + 3:
            assert len(orders) < 1000, "nobody met the other"
            placed = client.post("/orders", order_of((a, 1), (b, 1)))
            assert placed.status == 201, placed
            orders.append(placed.json["id"])
            assert client.pay(orders[-1]).json["success"]
        for order in orders:
            client.await_order(order, "CONFIRMED", limit=60)
    finally:
        over.set()
        meddler.join()
        troupe.db.on_server("alter system reset deadlock_timeout", "select pg_reload_conf()")
    assert "inventory.store_failed" not in troupe.log()[since:]  # the store itself tries again
    audit.await_sound(troupe)
    assert troupe.stock_of(a) == troupe.stock_of(b) == (2000 - len(orders), 0, len(orders))
