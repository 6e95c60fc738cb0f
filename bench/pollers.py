#!/usr/bin/python3 -B
"""`troupe sim pollers`: 10,000 customers with an order each, who look at it every 10 s over connections
that they keep. Failed requests, p50 and p99, and the server's memory and threads meanwhile."""

import threading
import time
from pathlib import Path
from statistics import median

import shop

SCENARIO = shop.ROOT / "sim/scenarios/pollers.toml"
RAMP = 60  # seconds in which the scenario's customers come


class Watch(threading.Thread):
    """Looks at the process once a second: the largest figures, and how many sockets it had."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid = pid
        self.most_bytes = self.most_threads = self.most_files = 0
        self.over = threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(1):
            try:
                size, threads = shop.memory_and_threads(self.pid)
                files = len(list(Path(f"/proc/{self.pid}/fd").iterdir()))
            except OSError:
                return  # the process has ended
            self.most_bytes = max(self.most_bytes, size)
            self.most_threads = max(self.most_threads, threads)
            self.most_files = max(self.most_files, files)

    def end(self):
        self.over.set()
        self.join()


def main():
    parser = shop.flags(__doc__)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--duration", type=int, help=f"seconds; the first {RAMP} bring the customers",
                        default=300)
    given = parser.parse_args()
    room = str(given.customers + 100)
    with shop.running(given.binary, {"TROUPE_SERVER_MAX_CONNECTIONS": room}) as troupe:
        before, threads = shop.memory_and_threads(troupe.process.pid)
        watch = Watch(troupe.process.pid)
        began = time.monotonic()
        report = shop.simulate(troupe, SCENARIO, "--customers", str(given.customers), "--duration",
                               str(given.duration))
        watch.end()
        say_figures(report, given, time.monotonic() - began)
        shop.say(f"server: {watch.most_bytes / 2**20:.0f} MB RSS ({before / 2**20:.0f} before),"
                 f" {watch.most_threads} threads ({threads} before), {watch.most_files} open files")
        say_warnings(troupe)


def say_figures(report, given, seconds):
    calls = report["calls"]
    total = sum(sum(seen["outcomes"].values()) for seen in calls.values())
    shop.say(f"{report['run']['load']}: {total} requests, {sum(shop.failed(report).values())} failed"
             f" {shop.failed(report) or ''}")
    shop.say(f"{report['verdict']['ordersChecked']} orders,"
             f" {report['verdict']['violationCount']} violations, {seconds:.0f} s with the checks")
    polls = calls["getOrder"]["latency"]
    shop.say(f"GET /orders/:id: {calls['getOrder']['perSecond']:.0f}/s, p50 {ms(polls['p50Us'])},"
             f" p99 {ms(polls['p99Us'])}, longest {ms(polls['maxUs'])}")
    say_steady(report["seconds"]["calls"]["getOrder"], given)
    shop.say(f"the simulation was its own limit in {report['client']['secondsAtOwnLimit']} of"
             f" {len(report['seconds']['inFlight'])} s, lag p99 {ms(report['client']['lag']['p99Us'])}")


def say_steady(polls, given):
    """Once all are there, and until they go. The p99 of the whole time is at most the worst second's."""
    rate, p50, p99 = (polls[column][RAMP:given.duration - 1] for column in ("ok", "p50Us", "p99Us"))
    if rate:
        shop.say(f"once all are there ({len(rate)} s): {sum(rate) / len(rate):.0f}/s,"
                 f" p50 {ms(median(p50))}, p99 {ms(median(p99))} (medians of the seconds),"
                 f" p99 of the worst second {ms(max(p99))}")


def say_warnings(troupe):
    lines = [line for line in troupe.log().splitlines()
             if any(event in line for event in ("http.accept_paused", "memory.over", "lease."))]
    for text in lines[:3]:
        shop.say(f"{len(lines)} warnings, like: {text}")


def ms(us):
    return f"{us / 1000:.1f} ms"


if __name__ == "__main__":
    shop.play(main)
