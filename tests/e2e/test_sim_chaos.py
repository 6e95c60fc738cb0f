"""The simulation with every kind of fault: the promises hold, and Troupe recovers from each."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

KINDS = {"troupe.kill", "troupe.freeze", "postgres.stop", "postgres.freeze", "postgres.terminate",
         "kafka.stop", "kafka.kill", "gateway.slow", "gateway.fail", "gateway.break"}


@pytest.fixture
def place():
    """Not pytest's own folder, which the database's user could not enter."""
    made = Path(tempfile.mkdtemp(prefix="troupe-chaos."))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.long
def test_every_promise_holds_through_every_kind_of_fault(place):
    binary = os.environ["TROUPE_BINARY"]
    done = subprocess.run(
        [binary, "sim", "chaos", "--faults", "all", "--folder", str(place / "system"),
         "--report", str(place / "report"), "--seed", "20261130"],
        capture_output=True, text=True, timeout=600, cwd=place)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    report = json.loads((place / "report" / "report.json").read_text())
    assert report["verdict"]["passed"] and report["verdict"]["ordersChecked"] > 0
    assert {fault["kind"] for fault in report["faults"]} == KINDS
    for fault in report["faults"]:
        assert None not in fault.values(), fault
    assert "audit: " in done.stdout and "nothing found" in done.stdout
    same = subprocess.run([binary, "sim", "compare"] + [str(place / "report" / "report.json")] * 2,
                          capture_output=True, text=True, timeout=60, cwd=place)
    assert same.returncode == 0 and " 1.000\n" in same.stdout, same.stdout + same.stderr
