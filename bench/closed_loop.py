"""The closed loop of lifecycles.toml, played against a Troupe that runs: how many orders it brings
through their lives meanwhile, and the CPU that each part of the system uses for one."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import shop
from client import until

LOAD = shop.ROOT / "bench/lifecycles.toml"
PARTS = ("Troupe", "PostgreSQL", "Kafka", "load")
TICKS = os.sysconf("SC_CLK_TCK")


class Load:
    """`troupe sim`, playing until its block ends, over all `nodes` as a load balancer spreads it."""

    def __init__(self, nodes, customers):
        self.troupe = nodes[0]
        self.urls = [part for node in nodes for part in ("--url", shop.gateway(node))]
        self.customers = customers

    def __enter__(self):
        folder = self.troupe.folder
        with open(folder / "sim.log", "wb") as log:
            self.process = subprocess.Popen(
                [self.troupe.binary, "sim", str(LOAD), *self.urls, "--seed", "1", "--no-audit",
                 "--report", str(folder), "--customers", str(self.customers)],
                cwd=folder, env=self.troupe.environment({}), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, preexec_fn=shop.die_with_parent)
        return self

    def __exit__(self, failed, *_):
        try:
            if failed is None:
                self.process.send_signal(signal.SIGINT)  # no more customers; its verdict follows
                self.process.wait(timeout=90)
        finally:
            self.process.kill()
            self.process.wait()

    def verdict(self):
        """What it found, and for how long it was itself what held all up; once it has ended."""
        said = (self.troupe.folder / "sim.log").read_text(errors="replace")
        found = next((line for line in said.splitlines() if line.startswith("verdict")), said[-500:])
        report = self.troupe.folder / "report.json"
        if not report.exists():
            return found
        told = json.loads(report.read_text())
        return (f"{found}; load at its own limit in {told['client']['secondsAtOwnLimit']} of"
                f" {told['run']['seconds']:.0f} s")


def cpu(troupe, load=None):
    """Seconds of CPU used so far, by part."""
    postmaster = int((troupe.folder / "postgres/data/postmaster.pid").read_text().split()[0])
    kafka = int((troupe.folder / "kafka/pid").read_text())
    return dict(zip(PARTS, (of_process(troupe.process), of_server(postmaster), of_pid(kafka),
                            of_process(load and load.process))))


def stat_of(pid):
    """The fields of /proc/PID/stat from the third on; None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1")
    except OSError:
        return None
    return text.rsplit(")", 1)[1].split()


def of_process(process):
    return of_pid(process.pid) if process else 0.0


def of_pid(pid):
    fields = stat_of(pid)
    return sum(map(int, fields[11:13])) / TICKS if fields else 0.0


def of_server(postmaster):
    """With its sessions: those that are there, and those that have ended, which it has waited for."""
    used = sum(map(int, stat_of(postmaster)[11:15])) / TICKS
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat_of(name)
            if fields and int(fields[1]) == postmaster:
                used += sum(map(int, fields[11:13])) / TICKS
    return used


def since(before, after):
    return {part: after[part] - before[part] for part in before}


DONE = "select count(*) from orders where status = 'COMPLETED'"
TOLD = "select count(*) from notifications where title = 'Order delivered'"
MAILED = "select count(*) from emails where status = 'SENT'"


class Seen:
    """What a system did between two moments."""

    def __init__(self, troupe, load):
        self.troupe, self.load = troupe, load
        self.before = self._look()

    def _look(self):
        look = self.troupe.db.one
        return {"time": time.monotonic(), "orders": look("orders", DONE),
                "told": look("emailing", TOLD), "mails": look("emailing", MAILED),
                **cpu(self.troupe, self.load)}

    def end(self):
        self.change = since(self.before, self._look())
        self.seconds = self.change["time"]
        # Completed and told: whichever lags.
        self.lifecycles = min(self.change["orders"], self.change["told"])
        assert self.lifecycles, "no order was completed"
        self.rate = self.lifecycles / self.seconds
        self.cost = {part: self.change[part] / self.lifecycles for part in PARTS}
        return self


def measure(troupe, given):
    """Lifecycles under the closed loop, once it runs warm, and what they cost."""
    with Load([troupe], given.customers) as load:
        before = troupe.db.one("orders", DONE)
        until(lambda: load.process.poll() is None and troupe.db.one("orders", DONE) > before,
              limit=120)
        time.sleep(given.warm_up)
        seen = Seen(troupe, load)
        time.sleep(given.seconds)
        seen.end()
    seen.verdict = load.verdict()
    return seen


def flags(description, seconds):
    """A parser with the flags of the benchmarks that measure so."""
    parser = shop.flags(description)
    parser.add_argument("--warm-up", type=float, default=10, help="seconds")
    parser.add_argument("--seconds", type=float, default=seconds, help="that Troupe is measured for")
    parser.add_argument("--customers", type=int, default=600, help="in the closed loop")
    return parser


def tell(name, seen):
    """The figures of a measurement, in a few lines."""
    shop.say(f"{name}: {seen.rate:.0f} lifecycles/s over {seen.seconds:.0f} s"
             f" ({seen.change['mails'] / seen.seconds:.0f} e-mails/s)")
    costs = ", ".join(f"{part} {cost * 1e3:.2f}" for part, cost in seen.cost.items())
    shop.say(f"  CPU ms a lifecycle: {costs}")
    busy = sum(seen.change[part] for part in PARTS) / seen.seconds
    shop.say(f"  together {busy:.2f} of {os.cpu_count()} cores; {seen.verdict}")
