"""A whole Troupe for a benchmark: a private PostgreSQL that flushes what it commits, a private Kafka and
`troupe serve` with its defaults, on free ports, in a folder that goes with them, however the benchmark
ends. And what is played against it and looked at."""

import argparse
import contextlib
import http.client
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from broker import Broker  # noqa: E402
from client import HOST, order_of  # noqa: E402
from instance import DEADLINES, Databases, Troupe, die_with_parent  # noqa: E402
from postgres import Postgres  # noqa: E402

# Of a scenario in which nothing goes wrong and nobody changes his mind.
UNTROUBLED = """
decline_percent = 0
timeout_percent = 0
break_percent = 0
double_click_percent = 0
give_up_percent = 0
keyless_percent = 0
leave_percent = 0
cancel_percent = 0
"""


def flags(description):
    """A parser with the flags that all benchmarks have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--binary", type=Path, help="the program (default: %(default)s)",
                        default=os.environ.get("TROUPE_BINARY", ROOT / "build/release/troupe"))
    return parser


def say(text):
    print(text, flush=True)


def play(main):
    """Runs the benchmark; Ctrl-C and SIGTERM end it with all that it started."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    say_command()


def say_command():
    """The last line of each benchmark: what gave the figures."""
    name = os.path.relpath(sys.argv[0], ROOT)
    say(f"command: {shlex.join([name, *sys.argv[1:]])}")


@contextlib.contextmanager
def interrupted_later():
    """An interrupt meanwhile comes at the end: what has half started could not be ended."""
    came = []
    before = {number: signal.signal(number, lambda *_: came.append(True))
              for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


@contextlib.contextmanager
def prepared(binary):
    """A Troupe that is yet to be started, by `start`, and nothing of it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="troupe-bench."))
    folder.chmod(0o711)  # PostgreSQL's user must be able to enter it
    with contextlib.ExitStack() as ends:
        ends.callback(remove, folder)
        with interrupted_later():
            postgres = Postgres(folder / "postgres")
            ends.callback(postgres.end)
            broker = Broker(folder / "kafka")
            ends.callback(broker.end)
        databases = Databases(postgres.server)
        troupe = Troupe(str(Path(binary).resolve()), databases, broker.address, folder)
        for name in DEADLINES:
            del troupe.base[name]  # a test's; a benchmark runs with the defaults
        troupe.spool = ends.enter_context(memory_folder())
        troupe.base["TROUPE_EMAILING_SPOOL"] = str(troupe.spool)
        ends.callback(end, troupe)
        yield troupe


@contextlib.contextmanager
def memory_folder():
    """For e-mails by the ten thousand. On ext4 the benchmark before, whose files went with it, would be
    measured too: for minutes each new file costs a walk over the recently deleted ones."""
    folder = tempfile.mkdtemp(prefix="troupe-bench.", dir="/dev/shm")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(binary, settings=None):
    """One that serves."""
    with prepared(binary) as troupe:
        troupe.start(settings, limit=60)
        yield troupe


def remove(folder):
    """A killed process may still be writing there for a moment."""
    deadline = time.monotonic() + 20
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.1)


def end(troupe):
    """In order; a failure of that is worth a line."""
    if troupe.process is None:
        return
    try:
        code, _ = troupe.stop()
        if code != 0:
            say(f"troupe ended with {code}: {last_lines(troupe.log())}")
    except subprocess.TimeoutExpired:
        troupe.end()
        say("troupe did not end and was killed")


def last_lines(text):
    return "\n".join(text.splitlines()[-20:])


def gateway(troupe):
    return f"http://{HOST}:{troupe.ports['gateway']}"


def run(command, **more):
    """What the program said; it ends with us, also when we are interrupted."""
    with subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          preexec_fn=die_with_parent, **more) as program:
        try:
            said, _ = program.communicate()
        except BaseException:
            program.terminate()
            raise
    return program.returncode, said


def simulate(troupe, scenario, *more):
    """The report of a run of `troupe sim`: `scenario` is a file or a TOML text."""
    if isinstance(scenario, str):
        file = troupe.folder / "scenario.toml"
        file.write_text(scenario)
        scenario = file
    report = troupe.folder / "report"
    code, said = run([troupe.binary, "sim", scenario, "--url", gateway(troupe), "--no-audit",
                      "--report", report, *more],
                     cwd=troupe.folder, env=troupe.environment({}))
    if code not in (0, 1) or not (report / "report.json").exists():
        sys.exit(f"troupe sim ended with {code}:\n{last_lines(said)}")
    found = json.loads((report / "report.json").read_text())
    shutil.rmtree(report)
    if not found["verdict"]["passed"]:
        complaints = [line for line in said.splitlines() if "VIOLATION" in line]
        say(f"NOT PASSED: {found['verdict']['violationCount']} violations in"
            f" {found['verdict']['ordersChecked']} orders {' | '.join(complaints[:3])}")
    return found


def failed(report):
    """How many calls ended badly, by call and how."""
    return {f"{call} {how}": count for call, seen in report["calls"].items()
            for how, count in seen["outcomes"].items() if count and how not in ("ok", "refused")}


def wrk(url, script, seconds, connections, arguments):
    """What the Lua script says at the end of such a load, as JSON: one thread, whose connections
    are kept alive."""
    code, said = run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "10",
                      "-s", ROOT / "bench" / script, url, "--", *arguments])
    if code != 0:
        sys.exit(f"wrk ended with {code}:\n{said}")
    return json.loads(said.splitlines()[-1])


def memory_and_threads(pid):
    """Resident bytes, and threads."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    values = dict(line.split(":", 1) for line in lines)
    return int(values["VmRSS"].split()[0]) * 1024, int(values["Threads"])


def place_orders(troupe, product, users):
    """The id of one order of each user."""
    connection = http.client.HTTPConnection(HOST, troupe.ports["gateway"], timeout=20)
    with contextlib.closing(connection):
        return [place(connection, product, user) for user in users]


def place(connection, product, user):
    connection.request("POST", "/orders", json.dumps(order_of((product, 1))),
                       {"Content-Type": "application/json", "X-User-Id": user})
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 201, body
    return json.loads(body)["id"]


def gauge(troupe, name):
    text = troupe.client().get("/metrics").body.decode()
    return next(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                if line.startswith(f"{name} "))


def await_steady(look, pause=1.0, limit=60, within=0.002):
    """What `look()` gives once five looks in a row are as good as alike."""
    seen = []
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        seen = [*seen[-4:], look()]
        if len(seen) == 5 and max(seen) - min(seen) <= within * max(seen):
            break
        time.sleep(pause)
    return seen[-1]
