"""Kafka is killed, away for a minute, or rebalances all the time; one service's database is away
while events come for it. Orders go on, and every event has its one effect."""

import time

import pytest

from client import until
from instance import DEADLINES
from shoppers import Shoppers

GROUPS = {"troupe-order": "inventory-updated", "troupe-payment": "order-cancelled",
          "troupe-inventory": "payment-success", "troupe-emailing": "order-created"}
# An event that is lost is asked for by no deadline while a test lasts: its order is stuck.
NOTHING_ASKS_AGAIN = {name: "600" for name in DEADLINES}


def test_killed_and_started(instance, broker):
    instance.running(NOTHING_ASKS_AGAIN)
    client = instance.client()
    shoppers = Shoppers(instance, 60)

    def kill_and_start():
        broker.kill()
        until(lambda: client.get("/health/ready").json["status"] == "degraded")
        broker.start()
    shoppers.while_running(kill_and_start)
    shoppers.must_all_end_well()


@pytest.mark.long
def test_away_for_a_minute_while_orders_are_accepted(instance, broker):
    instance.running(NOTHING_ASKS_AGAIN)
    client = instance.client()
    shoppers = Shoppers(instance, 60)
    broker.stop()
    over = time.monotonic() + 60
    try:
        for buyer in shoppers.all:
            assert buyer.go().paid, "no order without Kafka"
        while time.monotonic() < over:  # the outage itself
            assert client.get("/health/ready").status == 200
            time.sleep(1)
    finally:
        broker.start()
    shoppers.must_all_end_well()


@pytest.mark.long
def test_troupe_is_killed_while_kafka_is_away(instance, broker):
    """What no broker has acknowledged is above the watermarks: the next start publishes it."""
    instance.running(NOTHING_ASKS_AGAIN)
    shoppers = Shoppers(instance, 30)
    broker.stop()
    try:
        for buyer in shoppers.all:
            assert buyer.go().paid, "no order without Kafka"
        instance.kill()
    finally:
        broker.start()
    instance.start(NOTHING_ASKS_AGAIN)
    shoppers.must_all_end_well()


@pytest.mark.long
def test_a_storm_of_rebalances(troupe, broker):
    """Members join each group and leave it again, and take partitions with them meanwhile."""
    shoppers = Shoppers(troupe)

    def come_and_go():
        for _ in range(8):
            guests = [broker.guest(group, topic) for group, topic in GROUPS.items()]
            time.sleep(1)  # how long they stay
            for guest in guests:
                guest.terminate()
            for guest in guests:
                guest.wait(timeout=20)
    since = troupe.log().count("kafka.revoked")
    shoppers.while_running(come_and_go)
    shoppers.must_all_end_well()
    assert troupe.log().count("kafka.revoked") > since + 8


@pytest.mark.parametrize("database", ["inventory",
                                      *(pytest.param(other, marks=pytest.mark.long)
                                        for other in ("orders", "payments", "emailing"))])
def test_one_service_without_its_database(troupe, database):
    shoppers = Shoppers(troupe, 60)

    def take_away():
        with troupe.db.away(database):
            time.sleep(4)  # the outage itself: longer than a lease
    shoppers.while_running(take_away)
    shoppers.must_all_end_well()
