"""Actors crash: whatever does work is made again with a growing delay, nothing that was acknowledged
is lost, and everybody who waits is answered meanwhile. An order that always crashes is set aside."""

import re

import pytest

from client import until
from crowd import SETTINGS, armed, crowd_before, passed

# What the log says when the actor that takes up its work there has crashed.
CRASHES = {
    "order.before_step": "order.crashed",
    "shard.before_command": "shard.crashed",
    "journal.before_commit": "worker.crashed kind=order_journal",
    "reader.before_load": "worker.crashed kind=order_reader",
    "payment.before_attempt": "worker.crashed kind=payment_worker",
    "inventory.before_effect": "worker.crashed kind=inventory_worker",
    "emailing.before_effect": "worker.crashed kind=emailing_worker",
    "inbox.before_command": "worker.crashed kind=order_inbox",
    "inbox.before_keeping": "worker.crashed kind=inbox_keeper",
    "bridge.before_hand_out": "node.broken",
}
# A record whose handler crashes three times is a dead letter: these may crash twice.
CONSUMERS = ("inventory.before_effect", "emailing.before_effect", "inbox.before_command",
             "inbox.before_keeping")


def crashes(troupe, since):
    """How often each has crashed since the log had this length."""
    log = troupe.log()[since:]
    return {point: log.count(said) for point, said in CRASHES.items()}


def incarnation(troupe):
    """0: none, it is being made anew."""
    return troupe.db.one("orders", "select coalesce(max(incarnation), 0) from incarnations"
                         " where not fenced")


def metric(troupe, name):
    return float(re.search(rf"^{name} (\S+)$", troupe.client().get("/metrics").body.decode(),
                           re.MULTILINE).group(1))


def test_an_order_that_always_crashes_is_set_aside_and_the_others_go_on(instance):
    instance.running(SETTINGS)
    client = instance.client()
    product = instance.new_product()
    bad = client.new_order(product)
    since = len(instance.log())
    instance.running(armed(f"order.before_step=throw:{bad}"))
    for _ in range(20):
        refused = client.pay(bad)
        assert refused.status == 503 and int(refused.headers["Retry-After"]) > 0, refused
        if refused.code == "quarantined":
            break
    assert refused.code == "quarantined", refused
    assert len(passed(instance, since)) == crashes(instance, since)["order.before_step"] == 3
    assert f"order.quarantined order={bad}" in instance.log()[since:]
    assert metric(instance, "troupe_orders_quarantined") == 1
    assert metric(instance, "troupe_order_restarts_total") == 2
    good = client.new_order(product)
    assert client.pay(good).json["success"]
    client.await_order(good, "CONFIRMED")
    instance.running(SETTINGS)
    assert client.pay(bad).json["success"]
    client.await_order(bad, "CONFIRMED")


def test_each_crashes_twice_under_load_and_is_made_again(instance, broker):
    """In the same incarnation, and nobody is left without an answer."""
    points = [f"{point}=throw@{nth}" for point in CRASHES if point != "bridge.before_hand_out"
              for nth in (1, 3)]
    crowd, since = crowd_before(instance, ",".join(points), answered=True)
    before = incarnation(instance)
    for key in ("x", "y"):
        broker.produce("inventory-updated", key, b"{broken")
    for i in range(3):
        until(lambda unknown=f"c{i:024}": instance.client().get(f"/orders/{unknown}").status,
              lambda status: status == 404)
    crowd.must_end_well(expected=("dead-letters",))
    assert sorted(passed(instance, since)) == sorted(points)
    assert all(seen == 2 for point, seen in crashes(instance, since).items()
               if point != "bridge.before_hand_out")
    assert incarnation(instance) == before


@pytest.mark.long
def test_a_crash_of_the_bridge_makes_the_node_anew(instance):
    """Only the bridge knows what Kafka has not yet reported: all is made again from what is durable."""
    crowd, since = crowd_before(instance, "bridge.before_hand_out=throw@3", answered=True)
    before = incarnation(instance)
    crowd.during(lambda: until(lambda: incarnation(instance) > before))
    crowd.must_end_well()
    assert passed(instance, since) == ["bridge.before_hand_out=throw@3"]
    assert instance.process.poll() is None


@pytest.mark.long
def test_ends_in_time_while_everything_crashes(instance):
    for_ever = ("order.before_step", "shard.before_command", "journal.before_commit",
                "reader.before_load", "payment.before_attempt")
    points = [*(f"{point}=throw@4+" for point in for_ever),
              *(f"{point}=throw@{nth}" for point in CONSUMERS for nth in (1, 2))]
    crowd, since = crowd_before(instance, ",".join(points))

    def crashed_often():
        for customer in crowd.all:
            customer.go()  # who asks once need not meet so many
        return sum(crashes(instance, since).values()) > 10

    def stop_while_they_crash():
        until(crashed_often)
        return instance.stop()
    code, seconds = crowd.during(stop_while_they_crash)
    assert code == 0 and seconds < 10, (code, seconds)
    instance.start(SETTINGS)
    crowd.must_end_well()
