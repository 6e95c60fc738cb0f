"""`troupe sim --faults`: the promises hold through every kind of fault, and Troupe recovers from each;
and what is not as planned is told."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest

from client import until
from test_sim import PLANTED

KINDS = {"troupe.kill", "troupe.freeze", "postgres.stop", "postgres.freeze", "postgres.terminate",
         "kafka.stop", "kafka.kill", "gateway.slow", "gateway.fail", "gateway.break"}


@pytest.fixture
def place():
    """Not pytest's own folder, which the database's user could not enter."""
    made = Path(tempfile.mkdtemp(prefix="troupe-chaos."))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@contextmanager
def started(place, *arguments):
    """One that is still there at the end is killed, and then all that it started ends."""
    run = subprocess.Popen([os.environ["TROUPE_BINARY"], "sim", *arguments], cwd=place, text=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield run
    finally:
        run.kill()


def end(run, limit):
    """Its exit code and what it said."""
    said, _ = run.communicate(timeout=limit)
    return run.returncode, said


def sim(place, *arguments, limit=600):
    with started(place, *arguments) as run:
        return end(run, limit)


def processes_of(folder):
    """What runs in it, or was started with it on its command line: zombies have neither."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            where = os.readlink(process / "cwd")
            line = (process / "cmdline").read_text()
        except OSError:
            continue
        if str(folder) in where or str(folder) in line:
            found.append(line.replace("\0", " "))
    return found


@pytest.mark.long
def test_every_promise_holds_through_every_kind_of_fault(place):
    folder = place / "system"
    code, said = sim(place, "chaos", "--faults", "all", "--folder", str(folder),
                     "--report", str(place / "report"), "--seed", "20261130")
    assert code == 0, said[-8000:]
    report = json.loads((place / "report" / "report.json").read_text())
    assert report["verdict"]["passed"] and report["verdict"]["ordersChecked"] > 0
    assert report["run"]["seconds"] >= 60
    assert {fault["kind"] for fault in report["faults"]} == KINDS
    for fault in report["faults"]:
        assert fault["firedAt"] <= fault["confirmedAt"] <= fault["endedAt"], fault
        assert fault["detail"] and fault["confirmedAt"] < fault["recoveredAt"], fault
    assert "audit: " in said and "nothing found" in said
    assert not processes_of(folder)


@pytest.mark.long
def test_a_fault_that_meets_nothing_is_told(place):
    """Nobody pays, so no answer of the gateway can be slow."""
    scenario, plan = place / "unpaid.toml", place / "slow.toml"
    scenario.write_text("[load]\nduration_s = 4\nsettle_s = 3\nspeed_percent = 500\n"
                        "[customers]\nleave_percent = 100\n")
    plan.write_text("[window]\nfrom_ms = 100\nuntil_ms = 200\n[gateway]\nslow = 1\n")
    folder = place / "system"
    code, said = sim(place, str(scenario), "--faults", str(plan), "--folder", str(folder))
    assert code == 1, said[-8000:]
    assert "VIOLATION fault: gateway.slow: did not take effect: 0 answers met it" in said
    assert "1 violations" in said and "nothing found" in said
    assert not processes_of(folder)


def emailing_of(folder):
    """A connection to the system's database of notifications; nothing until that is there."""
    try:
        settings = dict(line.split("=", 1)
                        for line in (folder / "environment").read_text().splitlines())
        connection = psycopg2.connect(settings["TROUPE_DATABASES_EMAILING"])
    except (OSError, psycopg2.Error):
        return None
    connection.autocommit = True
    return connection


def double_a_notification(folder):
    """Of an order that is well under way; which."""
    with closing(until(lambda: emailing_of(folder), limit=120)) as connection, \
            connection.cursor() as cursor:
        def found():
            try:
                cursor.execute("select order_id from notifications group by order_id"
                               " having count(*) >= 3 limit 1")
                return cursor.fetchone()
            except psycopg2.errors.UndefinedTable:
                return None
        order = until(found, limit=60)
        _, change, _ = PLANTED["double notification"]
        cursor.execute(change, order)
        assert cursor.rowcount > 0
    return order[0]


@pytest.mark.long
def test_what_is_changed_behind_troupes_back_is_found_among_faults(place):
    """The verdict forgives what a fault may have broken off, and no more."""
    plan, folder = place / "kill.toml", place / "system"
    plan.write_text("[window]\nfrom_ms = 1000\nuntil_ms = 1500\n[troupe]\nkill = 1\n")
    with started(place, "smoke", "--faults", str(plan), "--folder", str(folder), "--seed", "7") as run:
        order = double_a_notification(folder)
        code, said = end(run, 180)
    assert code == 1, said[-8000:]
    assert re.search(rf"VIOLATION double notification.*{order}", said), said[-8000:]
    assert "troupe.kill" in said and "VIOLATION fault" not in said, said[-8000:]
    assert not processes_of(folder)


@pytest.mark.long
def test_ctrl_c_during_the_start_ends_all_that_was_started(place):
    folder = place / "system"
    with started(place, "chaos", "--faults", "all", "--folder", str(folder)) as run:
        until(lambda: (folder / "kafka" / "pid").exists(), limit=60)
        run.send_signal(signal.SIGINT)
        code, said = end(run, 60)
    assert code == 2 and "ended before everything was started" in said, said
    assert not processes_of(folder)


@pytest.mark.long
def test_ctrl_c_in_the_middle_of_a_fault_mends_it(place):
    plan, folder, answer = place / "freeze.toml", place / "system", place / "system" / "answer"
    plan.write_text("[window]\nfrom_ms = 1000\nuntil_ms = 1100\n[troupe]\nfreeze = 2\n"
                    "freeze_ms = 3600000\n")
    with started(place, "smoke", "--faults", str(plan), "--folder", str(folder), "--seed", "1") as run:
        until(lambda: answer.exists() and "stopped" in answer.read_text(), limit=120)
        run.send_signal(signal.SIGINT)
        code, said = end(run, 120)
    assert code == 1 and "VIOLATION fault: only 1 of 2 faults were done" in said, said
    assert "ended early" in said and "nothing found" in said and "in order" not in said, said
    assert not processes_of(folder)


def test_wrong_usage_is_named(place):
    plan = place / "mine.toml"
    plan.write_text('[troupe]\nkil = 1\nfreeze = -1\n\n[redis]\nstop = 1\n')
    (place / "file").touch()
    for arguments, mistakes in {
            ("--faults", str(plan)): (f"{plan}:2: troupe.kil", f"{plan}:3: troupe.freeze",
                                      f"{plan}:5: redis"),
            ("--faults", "some"): ("some: neither a file nor one of all, cluster",),
            ("--faults", "all", "--url", "http://127.0.0.1:3000"): ("--faults", "--url"),
            ("--faults", "all", "--folder", str(place)): (f"--folder: {place} is not empty",),
            ("--faults", "all", "--nodes", "6"): ("--nodes: must be from 1 to 5",),
            ("--faults", "cluster"): ("network.node: needs --nodes 2", "network.one_way: needs --nodes 2"),
            ("--nodes", "2"): ("--faults",),
            ("--folder", str(place)): ("--faults",)}.items():
        code, said = sim(place, "smoke", *arguments, limit=30)
        assert code == 2, (arguments, said)
        for mistake in mistakes:
            assert mistake in said, (arguments, said)


def test_a_program_without_its_checkout_says_so(place):
    copy = place / "troupe"
    shutil.copy(os.environ["TROUPE_BINARY"], copy)
    done = subprocess.run([copy, "sim", "smoke", "--faults", "all"], cwd=place, text=True,
                          capture_output=True, timeout=30)
    assert done.returncode == 2 and "needs the checkout" in done.stderr, done
