#!/usr/bin/python3
"""Completed lifecycles per second of Troupe ÷ the database's own ceiling: the same rows written by a
minimal set-based writer into the same databases, in the same run. See docs/performance.md."""

import argparse
import sys

import ceiling
import rows
from system import BINARY, System, measure, since, tell


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=BINARY, help="the program")
    parser.add_argument("--warm-up", type=float, default=10, help="seconds")
    parser.add_argument("--seconds", type=float, default=30, help="of Troupe's part")
    parser.add_argument("--customers", type=int, default=600, help="in the closed loop")
    parser.add_argument("--batches", type=int, default=100,
                        help=f"that the writer writes, of {ceiling.BATCH} orders")
    return parser.parse_args()


def written(system, template, way, batches):
    """Lifecycles per second, and PostgreSQL's CPU seconds of each."""
    ceiling.write(system.databases, template, way, max(1, batches // 10))
    system.databases.run("orders", "checkpoint")
    before = system.cpu()
    seconds = ceiling.write(system.databases, template, way, batches)
    orders = batches * ceiling.BATCH
    return orders / seconds, since(before, system.cpu())["PostgreSQL"] / orders


def main():
    how = arguments()
    with System(how.binary) as system:
        system.troupe.start(limit=60)
        seen = measure(system, how.warm_up, how.seconds, "--customers", str(how.customers))
        system.troupe.stop()
        template = rows.Template(system.databases)
        print(f"a lifecycle with {rows.LINES} lines leaves {template.count()} rows in five databases")
        tell("Troupe", seen)
        for name, way in (("rows as they end", ceiling.as_they_end),
                          ("step by step", ceiling.step_by_step)):
            rate, cost = written(system, template, way, how.batches)
            print(f"ceiling, {name}: {rate:.0f} lifecycles/s, PostgreSQL {cost * 1e3:.2f} ms CPU each;"
                  f" Troupe ÷ it: {seen.rate / rate:.3f}")
    print("command:", " ".join(sys.argv))


if __name__ == "__main__":
    main()
