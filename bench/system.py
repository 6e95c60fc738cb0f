"""A whole Troupe for a benchmark: a private PostgreSQL that flushes what it commits, a private Kafka
and `troupe serve` with its defaults, in a temporary folder; and the CPU that each of them has used.

    with System(binary) as system: ...

All of it ends with the block, however it ends, also by Ctrl-C or SIGTERM."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))
sys.dont_write_bytecode = True

from broker import Broker  # noqa: E402
from client import until  # noqa: E402
from instance import DEADLINES, Databases, Troupe, die_with_parent  # noqa: E402
from postgres import Postgres  # noqa: E402

BINARY = os.environ.get("TROUPE_BINARY", ROOT / "build/release/troupe")
LOAD = ROOT / "bench/lifecycles.toml"
PARTS = ("Troupe", "PostgreSQL", "Kafka", "load")
TICKS = os.sysconf("SC_CLK_TCK")


class System:
    def __init__(self, binary):
        self.binary = str(Path(binary).resolve())
        self.ends = contextlib.ExitStack()
        self.load = None

    def __enter__(self):
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda number, _: sys.exit(f"ended by {signal.Signals(number).name}"))
        try:
            self._start()
        except BaseException:
            self.ends.close()
            raise
        return self

    def __exit__(self, *_):
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)  # a second one must leave nothing running
        self.ends.close()

    def _start(self):
        self.folder = Path(tempfile.mkdtemp(prefix="troupe-bench."))
        self.ends.callback(remove, self.folder)
        self.folder.chmod(0o711)  # PostgreSQL runs as another user when we are root
        self.postgres = Postgres(self.folder / "postgres")
        self.ends.callback(self.postgres.end)
        self.broker = Broker(self.folder / "kafka")
        self.ends.callback(self.broker.end)
        self.databases = Databases(self.postgres.server)
        self.troupe = Troupe(self.binary, self.databases, self.broker.address, self.folder)
        for name in (*DEADLINES, "TROUPE_KAFKA_PARTITIONS"):
            del self.troupe.base[name]  # a test's; a benchmark runs with the defaults
        self.ends.callback(self.troupe.end)

    @contextlib.contextmanager
    def loaded(self, *options):
        """`troupe sim` plays bench/lifecycles.toml meanwhile."""
        url = f"http://127.0.0.1:{self.troupe.ports['gateway']}"
        with open(self.folder / "sim.log", "wb") as log:
            self.load = subprocess.Popen(
                [self.binary, "sim", str(LOAD), "--url", url, "--seed", "1", "--no-audit",
                 "--report", str(self.folder), *options],
                cwd=self.folder, env=self.troupe.environment({}), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, preexec_fn=die_with_parent)
        try:
            yield
            self.load.send_signal(signal.SIGINT)  # no more customers; its verdict follows
            self.load.wait(timeout=90)
        finally:
            self.load.kill()
            self.load.wait()

    def verdict(self):
        """What the load found, and for how long it was itself what held all up."""
        said = (self.folder / "sim.log").read_text(errors="replace")
        found = next((line for line in said.splitlines() if line.startswith("verdict")), said[-500:])
        report = self.folder / "report.json"
        if not report.exists():
            return found
        told = json.loads(report.read_text())
        return (f"{found}; load at its own limit in {told['client']['secondsAtOwnLimit']} of"
                f" {told['run']['seconds']:.0f} s")

    def cpu(self):
        """Seconds of CPU used so far, by part."""
        postmaster = int((self.folder / "postgres/data/postmaster.pid").read_text().split()[0])
        kafka = int((self.folder / "kafka/pid").read_text())
        troupe = self.troupe.process.pid if self.troupe.process else None
        load = self.load.pid if self.load else None
        return dict(zip(PARTS, (of_process(troupe), of_server(postmaster), of_process(kafka),
                                of_process(load))))


def remove(folder):
    """A killed process may still be writing there for a moment."""
    deadline = time.monotonic() + 20
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.1)


def stat_of(pid):
    """The fields of /proc/PID/stat from the third on; None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1")
    except OSError:
        return None
    return text.rsplit(")", 1)[1].split()


def of_process(pid):
    fields = stat_of(pid) if pid else None
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

    def __init__(self, system):
        self.system = system
        self.before = self._look()

    def _look(self):
        databases = self.system.databases
        return {"time": time.monotonic(), "orders": databases.one("orders", DONE),
                "told": databases.one("emailing", TOLD),
                "mails": databases.one("emailing", MAILED), **self.system.cpu()}

    def end(self):
        self.change = since(self.before, self._look())
        self.seconds = self.change["time"]
        # Completed and told: whichever lags.
        self.lifecycles = min(self.change["orders"], self.change["told"])
        assert self.lifecycles, "no order was completed"
        self.rate = self.lifecycles / self.seconds
        self.cost = {part: self.change[part] / self.lifecycles for part in PARTS}
        return self


def measure(system, warm_up, seconds, *options):
    """Lifecycles under the closed loop, once it runs warm, and what they cost."""
    with system.loaded(*options):
        before = system.databases.one("orders", DONE)
        until(lambda: system.load.poll() is None and system.databases.one("orders", DONE) > before,
              limit=120)
        time.sleep(warm_up)
        seen = Seen(system)
        time.sleep(seconds)
        seen.end()
    seen.verdict = system.verdict()
    return seen


def tell(name, seen):
    """The figures of a measurement, in a few lines."""
    print(f"{name}: {seen.rate:.0f} lifecycles/s over {seen.seconds:.0f} s"
          f" ({seen.change['mails'] / seen.seconds:.0f} e-mails/s)")
    print("  CPU ms a lifecycle:", ", ".join(f"{part} {cost * 1e3:.2f}"
                                             for part, cost in seen.cost.items()))
    busy = sum(seen.change[part] for part in PARTS) / seen.seconds
    print(f"  together {busy:.2f} of {os.cpu_count()} cores; {seen.verdict}", flush=True)
