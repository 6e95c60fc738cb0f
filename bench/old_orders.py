#!/usr/bin/python3 -B
"""What an order costs beside a million old ones ÷ what it costs beside ten thousand: CPU of Troupe and
of PostgreSQL a lifecycle, in the same run. See docs/performance.md."""

import time

import closed_loop
import rows
import shop
from client import until

CHUNK = 100_000
USERS = 10_000
# Used keys and sent e-mails are removed when they are old (docs/operations.md).
REMOVED = ("idempotency_keys", "emails")


def serve_one(troupe):
    """An order to take after."""
    troupe.start(limit=60)
    with closed_loop.Load([troupe], customers=5):
        until(lambda: troupe.db.run("orders", rows.TEMPLATE, (rows.LINES,)), limit=120)
    troupe.stop()
    return rows.Template(troupe.db, near=True)


def old_orders(first, start, stop):
    """By their numbers. Sorted: the indexes are then written from left to right."""
    return (f"select 'c' || substr(md5(n::text), 1, 24) as id, 'old-' || n % {USERS} as usr,"
            " now() - interval '35 days' - n * interval '5 seconds' as at,"
            f" {first} + n * {rows.POSITIONS}::bigint as first"
            f" from generate_series({start}, {stop - 1}) n order by 1")


def grow(troupe, template, streams, numbers):
    """More old orders; PostgreSQL is at rest when it returns."""

    def write(cursor, database):
        cursor.execute("set session_replication_role = replica")  # checks no foreign keys
        cursor.execute("set work_mem = '256MB'")
        for start in range(numbers.start, numbers.stop, CHUNK):
            orders = old_orders(streams[database], start, min(start + CHUNK, numbers.stop))
            for table in rows.TABLES[database]:
                if table not in REMOVED:
                    cursor.execute(template.insert(database, table, orders))
        cursor.execute("vacuum (analyze)")

    began = time.monotonic()
    troupe.db.on_server("alter system set max_wal_size = '16GB'", "select pg_reload_conf()")
    rows.in_each_database(troupe.db, write)
    troupe.db.on_server("alter system reset max_wal_size", "select pg_reload_conf()", "checkpoint")
    shop.say(f"{numbers.stop} old orders, {len(numbers)} of them written within"
             f" {time.monotonic() - began:.0f} s")


def main():
    parser = closed_loop.flags(__doc__, seconds=25)
    parser.add_argument("--old", type=int, nargs=2, default=(10_000, 1_000_000),
                        metavar=("FEW", "MANY"), help="old orders")
    given = parser.parse_args()
    few, many = given.old
    with shop.prepared(given.binary) as troupe:
        template = serve_one(troupe)
        streams = rows.new_streams(troupe.db)
        costs, rates = [], []
        for numbers in (range(few), range(few, many)):
            grow(troupe, template, streams, numbers)
            troupe.start(limit=120)
            seen = closed_loop.measure(troupe, given)
            troupe.stop()
            closed_loop.tell(f"Troupe beside {numbers.stop} old orders", seen)
            costs.append(seen.cost["Troupe"] + seen.cost["PostgreSQL"])
            rates.append(seen.rate)
    shop.say(f"CPU of Troupe and PostgreSQL a lifecycle: {costs[0] * 1e3:.2f} ms, {costs[1] * 1e3:.2f} ms;"
             f" ratio {costs[1] / costs[0]:.2f}; lifecycles/s: ratio {rates[1] / rates[0]:.2f}")


if __name__ == "__main__":
    shop.play(main)
