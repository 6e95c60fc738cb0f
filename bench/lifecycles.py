#!/usr/bin/python3 -B
"""Completed lifecycles per second of Troupe ÷ the database's own ceiling: the same rows written by a
minimal set-based writer into the same databases, in the same run. See docs/performance.md."""

import ceiling
import closed_loop
import rows
import shop


def written(troupe, template, way, batches):
    """Lifecycles per second, and PostgreSQL's CPU seconds of each."""
    ceiling.write(troupe.db, template, way, max(1, batches // 10))
    troupe.db.run("orders", "checkpoint")
    before = closed_loop.cpu(troupe)
    seconds = ceiling.write(troupe.db, template, way, batches)
    orders = batches * ceiling.BATCH
    used = closed_loop.since(before, closed_loop.cpu(troupe))
    return orders / seconds, used["PostgreSQL"] / orders


def main():
    parser = closed_loop.flags(__doc__, seconds=30)
    parser.add_argument("--batches", type=int, default=100,
                        help=f"that the writer writes, of {ceiling.BATCH} orders")
    given = parser.parse_args()
    with shop.running(given.binary) as troupe:
        seen = closed_loop.measure(troupe, given)
        troupe.stop()
        template = rows.Template(troupe.db)
        shop.say(f"a lifecycle with {rows.LINES} lines leaves {template.count()} rows in five databases")
        closed_loop.tell("Troupe", seen)
        for name, way in (("rows as they end", ceiling.as_they_end),
                          ("step by step", ceiling.step_by_step)):
            rate, cost = written(troupe, template, way, given.batches)
            shop.say(f"ceiling, {name}: {rate:.0f} lifecycles/s, PostgreSQL {cost * 1e3:.2f} ms CPU each;"
                     f" Troupe ÷ it: {seen.rate / rate:.3f}")


if __name__ == "__main__":
    shop.play(main)
