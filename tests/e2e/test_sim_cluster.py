"""`troupe sim --faults cluster --nodes 3`: the promises hold while a node is killed, stopped, slow, or
cut off from the others, from PostgreSQL or from Kafka, and it comes back each time: as a new incarnation
where it was fenced, and only there. What is cut needs network namespaces, so root."""

import json
import os
import re
import shutil
import subprocess
from datetime import datetime

import pytest

from test_sim_chaos import place, processes_of, sim  # noqa: F401 (a fixture)

OF_NODES = {"troupe.kill", "troupe.freeze"}
OF_NETWORK = {"network.node", "network.one_way", "network.postgres", "network.kafka", "network.slow"}

# What the node that a fault is done to says of itself until it is mended. Nobody else is fenced or
# begins anew meanwhile, and it does only where that stands here.
SAYS = {"troupe.kill": {"node.incarnation"},
        "troupe.freeze": {"node.fenced", "node.incarnation"},
        "network.node": {"peer.lost"},
        "network.one_way": {"peer.lost"},
        "network.postgres": {"node.fenced", "node.incarnation"},
        "network.kafka": set(),
        "network.slow": set()}
ENDS = {"node.fenced", "node.incarnation"}
DAY = 24 * 60 * 60


def namespaces():
    if shutil.which("ip") is None:
        return []
    listed = subprocess.run(["ip", "netns", "list"], text=True, capture_output=True).stdout
    return re.findall(r"^troupe-\d+-\S+", listed, re.MULTILINE)


def said_by(node, folder, began, fault):
    """The names of what a node's log says from when the fault was fired until it was mended."""
    began = datetime.fromisoformat(began.replace("Z", "+00:00"))
    midnight = began.replace(hour=0, minute=0, second=0, microsecond=0)
    log = folder / ("troupe.log" if node == 1 else f"troupe-{node}.log")
    said = set()
    for hours, minutes, seconds, name in re.findall(r"^(\d\d):(\d\d):(\d\d\.\d+) \w+ +(\S+)",
                                                    log.read_text(), re.MULTILINE):
        at = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        if fault["firedAt"] <= (at - (began - midnight).total_seconds()) % DAY <= fault["endedAt"]:
            said.add(name)
    return said


def each_meets_its_own(folder, report):
    """Whoever a fault is done to is lost, or fenced and back as a new incarnation; nobody else is."""
    for fault in report["faults"]:
        for node in (1, 2, 3):
            struck = fault["detail"].startswith(f"node-{node}: ")
            must = SAYS[fault["kind"]] if struck else set()
            said = said_by(node, folder, report["run"]["startedAt"], fault)
            assert must <= said and said & ENDS <= must, (fault, node, sorted(said))


@pytest.mark.long
def test_every_promise_holds_while_nodes_break(place):  # noqa: F811
    folder, before = place / "system", set(namespaces())
    code, said = sim(place, "chaos", "--faults", "cluster", "--nodes", "3", "--folder", str(folder),
                     "--report", str(place / "report"), "--seed", "20261130", "--settle", "40")
    assert code == 0, said[-8000:]
    report = json.loads((place / "report" / "report.json").read_text())
    assert report["verdict"]["passed"] and report["verdict"]["ordersChecked"] > 0
    assert "audit: " in said and "nothing found" in said
    done = {fault["kind"] for fault in report["faults"]}
    for fault in report["faults"]:
        assert fault["firedAt"] <= fault["confirmedAt"] <= fault["endedAt"], fault
        assert re.match(r"node-[123]: .", fault["detail"]), fault
        assert fault["confirmedAt"] < fault["recoveredAt"], fault
    each_meets_its_own(folder, report)
    assert not processes_of(folder)
    assert set(namespaces()) <= before
    if not (skipped := re.search(r"skipped (network\..*)", said)):
        assert done == OF_NODES | OF_NETWORK
    else:
        assert done == OF_NODES and all(kind in skipped[1] for kind in OF_NETWORK)
        pytest.skip(skipped[1])


@pytest.mark.long
def test_where_no_namespace_can_be_made_the_networks_faults_are_skipped(place, monkeypatch):  # noqa: F811
    """And a plan of nothing else is none."""
    (place / "bin").mkdir()
    refusing = place / "bin" / "ip"
    refusing.write_text("#!/bin/sh\necho 'Operation not permitted' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{refusing.parent}:{os.environ['PATH']}")
    plan = place / "mine.toml"
    plan.write_text("[window]\nfrom_ms = 1000\nuntil_ms = 2000\n[network]\nnode = 1\nkafka = 1\n")
    code, said = sim(place, "smoke", "--faults", str(plan), "--nodes", "2", "--folder", str(place / "none"))
    assert code == 2 and "nothing of the plan can be done here" in said, said[-8000:]
    plan.write_text(plan.read_text() + "[troupe]\nkill = 1\n")
    code, said = sim(place, "smoke", "--faults", str(plan), "--nodes", "2", "--folder", str(place / "some"),
                     "--duration", "4")
    assert code == 0, said[-8000:]
    assert "skipped network.node, network.kafka: " in said, said
    assert "fault troupe.kill" in said and "fault network" not in said, said
