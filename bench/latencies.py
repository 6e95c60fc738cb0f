#!/usr/bin/python3 -B
"""p50 and p99 of each call at half the peak. The peak is looked for with an open loop of customers who
behave (shop.UNTROUBLED): the rate is doubled until answers come late or are refused, then the middle is
tried; the customers of the steady scenario otherwise, ten times as fast as people."""

import shop

SCENARIO = """
[load]
rate_per_minute = {per_minute}
duration_s = {seconds}
settle_s = 120
speed_percent = 1000

[customers]
{untroubled}
[operators]
count = 2
pause_ms = 100
batch = 200
at_once = 50
"""


def main():
    parser = shop.flags(__doc__)
    parser.add_argument("--first", type=int, default=20, help="customers a second")
    parser.add_argument("--seconds", type=int, default=8, help="of each rate that is tried")
    parser.add_argument("--measured", type=int, default=20, help="seconds at half the peak")
    parser.add_argument("--late", type=int, default=1000,
                        help="ms: past the peak the p99 of a call is above")
    given = parser.parse_args()
    with shop.running(given.binary) as troupe:
        peak = find_peak(troupe, given)
        shop.say(f"peak: {peak} customers a second")
        report = play(troupe, max(peak // 2, 1), given.measured)
        say_figures(report, peak)


def play(troupe, rate, seconds):
    return shop.simulate(troupe, SCENARIO.format(per_minute=rate * 60, seconds=seconds,
                                                 untroubled=shop.UNTROUBLED))


def find_peak(troupe, given):
    """The highest rate that was held."""
    good, tried = 0, given.first
    while holds(troupe, tried, given):
        good, tried = tried, tried * 2
    for _ in range(2):
        middle = (good + tried) // 2
        if middle in (good, tried):
            break
        if holds(troupe, middle, given):
            good = middle
        else:
            tried = middle
    return good


def holds(troupe, rate, given):
    report = play(troupe, rate, given.seconds)
    slowest = max((seen["latency"]["p99Us"] / 1000, call) for call, seen in report["calls"].items()
                  if call != "waitOrder")  # which holds the wait that was asked for
    bad = shop.failed(report)
    held = slowest[0] <= given.late and not bad
    orders = report["calls"]["createOrder"]["perSecond"]
    shop.say(f"{rate} customers a second: {'held' if held else 'not held'}, {orders:.0f} orders/s, p99"
             f" {slowest[0]:.0f} ms of {slowest[1]}, failed: {bad or 'none'}{own_limit(report)}")
    return held


def own_limit(report):
    seconds = report["client"]["secondsAtOwnLimit"]
    return f"; the simulation was its own limit in {seconds} s" if seconds else ""


def say_figures(report, peak):
    shop.say(f"{'call':<22}{'per second':>12}{'p50 ms':>10}{'p99 ms':>10}")
    for call, seen in report["calls"].items():
        shop.say(f"{call:<22}{seen['perSecond']:>12.1f}{seen['latency']['p50Us'] / 1000:>10.2f}"
                 f"{seen['latency']['p99Us'] / 1000:>10.2f}")
    shop.say(f"at half the peak of {peak} customers a second; failed: {shop.failed(report) or 'none'}"
             f"{own_limit(report)}; waitOrder holds the wait that was asked for (1 s)")


if __name__ == "__main__":
    shop.play(main)
