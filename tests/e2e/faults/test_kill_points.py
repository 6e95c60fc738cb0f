"""The program dies, or stands still, at exactly the place that a fail point names, under load and
before it is started again. `troupe serve --help` lists the places."""

import os
import re
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import audit
from client import until
from shoppers import THREADS, Buyer

# What is left claimed by the dead is free again soon.
SETTINGS = {"TROUPE_KAFKA_SESSION_TIMEOUT_MS": "1500", "TROUPE_PAYMENT_REFUND_LEASE_MS": "2000"}
CUSTOMERS = 24

# At which passing it dies: late enough that others have passed.
UNDER_LOAD = {
    "journal.before_commit": 4,
    "journal.after_commit": 4,
    "outbox.after_publish": 3,
    "order.before_offset": 5,
    "inventory.before_offset": 3,
    "payment.before_offset": 1,
    "emailing.before_effect": 3,
    "emailing.before_offset": 4,
    "payment.before_attempt": 5,
    "payment.before_gateway": 5,
    "payment.after_gateway": 5,
    "payment.between_commits": 5,
    "refund.before_gateway": 2,
    "refund.after_gateway": 2,
}
WHILE_FENCING = ("fence.marked", "fence.here_marked", "fence.before_claim")
WHILE_ENDING = ("stop.draining", "stop.drained", "stop.bridge_ended", "stop.node_ended",
                "stop.signed_off")


# Close to others that every ./test tries.
ONLY_WITH_ALL = ("journal.before_commit", "payment.before_attempt", "payment.before_gateway",
                 "refund.before_gateway", "emailing.before_effect", "stop.drained",
                 "stop.node_ended")


def cases(points):
    return [pytest.param(point, marks=pytest.mark.long) if point in ONLY_WITH_ALL else point
            for point in points]


class Regretful(Buyer):
    """Pays, then cancels, and wants the money back."""

    cancelled = False

    def go(self):
        if super().go().paid and not self.cancelled:
            try:
                answer = self.client.post(f"/orders/{self.order}/cancel", user=self.user)
                assert answer.status in (200, 503), answer
                self.cancelled = answer.status == 200
            except self.CUT_OFF:
                pass
        return self

    def is_done(self):
        return self.cancelled or self.go().cancelled


class Crowd:
    """Customers who all want one product; every third has regrets."""

    def __init__(self, troupe):
        self.troupe = troupe
        self.product = troupe.new_product(stock=CUSTOMERS)
        self.all = [(Regretful if i % 3 == 2 else Buyer)(troupe.client(), self.product, i)
                    for i in range(CUSTOMERS)]

    def during(self, act):
        """What `act()` gives, while all of them shop."""
        with ThreadPoolExecutor(THREADS) as pool:
            runs = [pool.submit(customer.go) for customer in self.all]
            result = act()
            for run in runs:
                run.result()
        return result

    def must_end_well(self):
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self.end_well, self.all))
        audit.await_sound(self.troupe)
        kept = sum(not isinstance(c, Regretful) for c in self.all)
        assert self.troupe.stock_of(self.product) == (CUSTOMERS - kept, 0, kept)
        assert len({customer.order for customer in self.all}) == CUSTOMERS

    @staticmethod
    def end_well(customer):
        if customer.order is not None:
            now = until(lambda: customer.client.get(f"/orders/{customer.order}", user=customer.user),
                        lambda answer: answer.status != 503)
            assert now.status == 200, f"acknowledged and lost: {now}"
        until(customer.is_done, limit=40, pause=0.2)
        ends = (("CANCELLED", "REFUNDED") if isinstance(customer, Regretful)
                else ("CONFIRMED", "SUCCESS"))
        customer.client.await_order(
            customer.order, lambda now: (now["status"], now["paymentStatus"]) == ends, limit=60,
            user=customer.user)


def armed(points):
    return {**SETTINGS, "TROUPE_FAIL_POINTS": points}


def crowd_before(troupe, points):
    """A crowd, and the program started again with these points armed: events that an earlier test
    left may pass them at any time from then on. And how long the log was."""
    troupe.running(SETTINGS)
    crowd = Crowd(troupe)
    troupe.stop()
    since = len(troupe.log())
    troupe.launch(armed(points))
    until(lambda: troupe.process.poll() is not None or troupe.is_ready(), limit=30)
    return crowd, since


def passed(troupe, since):
    """The fail points that have acted since the log had this length."""
    return re.findall(r'fail_point\.passed point="?([^"\s]+)', troupe.log()[since:])


def must_die_at(troupe, points, since, limit=30):
    assert troupe.await_end(limit) == -signal.SIGKILL
    assert passed(troupe, since) == points.split(",")


def test_every_point_has_a_case(instance):
    said = subprocess.run([instance.binary, "serve", "--help"], capture_output=True, text=True,
                          check=True, timeout=10).stdout
    named = re.findall(r"^  ([a-z]+\.[a-z_]+) ", said, re.MULTILINE)
    assert sorted(named) == sorted([*UNDER_LOAD, *WHILE_FENCING, *WHILE_ENDING])


@pytest.mark.parametrize("point", cases(UNDER_LOAD))
def test_killed_under_load(instance, point):
    nth = UNDER_LOAD[point]
    # An answer, or an offset, that was given too early has the time to arrive.
    pause = 1000 if point.endswith("before_effect") else 200
    kill = f"{point}=pause:{pause}@{nth},{point}=kill@{nth}"
    crowd, since = crowd_before(instance, kill)
    crowd.during(lambda: must_die_at(instance, kill, since))
    instance.start(SETTINGS)
    crowd.must_end_well()


def test_killed_while_fencing_a_predecessor(instance):
    """Killed under load, and then each successor dies in the middle of its predecessors' fence."""
    instance.running(SETTINGS)
    crowd = Crowd(instance)
    crowd.during(instance.kill)
    for point in WHILE_FENCING:
        since = len(instance.log())
        instance.launch(armed(f"{point}=kill"))
        must_die_at(instance, f"{point}=kill", since)
    instance.start(SETTINGS)
    crowd.must_end_well()


@pytest.mark.parametrize("point", cases(WHILE_ENDING))
def test_killed_while_ending(instance, point):
    crowd, since = crowd_before(instance, f"{point}=kill")

    def end():
        until(lambda: any(customer.paid for customer in crowd.all))
        instance.process.terminate()
        must_die_at(instance, f"{point}=kill", since)
    crowd.during(end)
    instance.start(SETTINGS)
    crowd.must_end_well()


def state_of(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0]


@pytest.mark.parametrize("point", ["journal.after_commit", "payment.after_gateway"])
def test_stopped_and_continued(instance, point):
    stop = f"{point}=stop@3"
    crowd, since = crowd_before(instance, stop)

    def stop_and_continue():
        until(lambda: state_of(instance.process) == "T")
        threading.Event().wait(1.5)  # shorter than a lease
        os.kill(instance.process.pid, signal.SIGCONT)
    crowd.during(stop_and_continue)
    assert passed(instance, since) == [stop]
    crowd.must_end_well()
    assert instance.process.poll() is None


def test_held_up_everywhere(instance):
    """Each thread sleeps once at the worst moment, some past the deadlines that ask after them."""
    points = ("journal.after_commit=pause:1000@3", "outbox.after_publish=pause:1500@2",
              "inventory.before_offset=pause:2000@2", "payment.between_commits=pause:3000@3")
    crowd, since = crowd_before(instance, ",".join(points))
    crowd.during(lambda: None)
    crowd.must_end_well()
    assert sorted(passed(instance, since)) == sorted(points)
