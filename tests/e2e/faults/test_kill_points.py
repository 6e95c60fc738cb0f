"""The program dies, or stands still, at exactly the place that a fail point names, under load and
before it is started again. `troupe serve --help` lists the places, and after them those where an
actor takes up its work: test_supervision.py lets it crash there."""

import os
import re
import signal
import subprocess
import threading

import pytest

from client import until
from crowd import SETTINGS, Crowd, armed, crowd_before, passed
from test_supervision import CRASHES

# At which passing it dies: late enough that others have passed.
UNDER_LOAD = {
    "journal.before_commit": 4,
    "batch.half_sent": 6,
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
ONLY_WITH_ALL = ("batch.half_sent", "journal.after_commit", "order.before_offset",
                 "inventory.before_offset", "payment.before_offset", "emailing.before_offset",
                 "payment.before_attempt", "payment.before_gateway", "payment.after_gateway",
                 "refund.before_gateway", "refund.after_gateway", "stop.draining",
                 "stop.drained", "stop.bridge_ended", "stop.node_ended")


def cases(points):
    return [pytest.param(point, marks=pytest.mark.long) if point in ONLY_WITH_ALL else point
            for point in points]


def alive(troupe):
    """The incarnations that are not fenced."""
    return troupe.db.run("orders", "select incarnation from incarnations where not fenced")


def must_die_at(troupe, points, since, limit=30):
    assert troupe.await_end(limit) == -signal.SIGKILL
    assert passed(troupe, since) == points.split(",")


def test_every_point_has_a_case(instance):
    said = subprocess.run([instance.binary, "serve", "--help"], capture_output=True, text=True,
                          check=True, timeout=10).stdout
    midway, take_up_work = [re.findall(r"^  ([a-z]+\.[a-z_]+) ", part, re.MULTILINE)
                            for part in said.split("Where actors take up their work")]
    assert sorted(midway) == sorted([*UNDER_LOAD, *WHILE_FENCING, *WHILE_ENDING])
    assert set(take_up_work) <= set(CRASHES)


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


@pytest.mark.parametrize("point", ["journal.after_commit",
                                   pytest.param("payment.after_gateway", marks=pytest.mark.long)])
def test_stopped_and_continued(instance, point):
    stop = f"{point}=stop@3"
    crowd, since = crowd_before(instance, stop)
    before = alive(instance)

    def stop_and_continue():
        until(instance.is_stopped)
        threading.Event().wait(1.5)  # shorter than a lease
        os.kill(instance.process.pid, signal.SIGCONT)
    crowd.during(stop_and_continue)
    assert passed(instance, since) == [stop]
    crowd.must_end_well()
    assert instance.process.poll() is None
    assert alive(instance) == before


def test_held_up_everywhere(instance):
    """Each thread sleeps once at the worst moment, some past the deadlines that ask after them."""
    points = ("journal.after_commit=pause:1000@3", "outbox.after_publish=pause:1500@2",
              "inventory.before_offset=pause:4000@2", "payment.between_commits=pause:3000@3")
    crowd, since = crowd_before(instance, ",".join(points))
    crowd.during(lambda: None)
    crowd.must_end_well()
    assert sorted(passed(instance, since)) == sorted(points)
