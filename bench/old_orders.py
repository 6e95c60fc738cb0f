#!/usr/bin/python3
"""What an order costs beside a million old ones ÷ what it costs beside ten thousand: CPU of Troupe and
of PostgreSQL a lifecycle, in the same run. See docs/performance.md."""

import argparse
import sys
import threading
import time

import psycopg2

import rows
from system import BINARY, System, measure, tell, until

CHUNK = 100_000
USERS = 10_000
# Used keys and sent e-mails are removed when they are old (docs/operations.md).
REMOVED = ("idempotency_keys", "emails")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=BINARY, help="the program")
    parser.add_argument("--old", type=int, nargs=2, default=(10_000, 1_000_000),
                        metavar=("FEW", "MANY"), help="old orders")
    parser.add_argument("--warm-up", type=float, default=10, help="seconds")
    parser.add_argument("--seconds", type=float, default=25, help="of each part")
    parser.add_argument("--customers", type=int, default=600, help="in the closed loop")
    return parser.parse_args()


def serve_one(system):
    """An order to take after."""
    system.troupe.start(limit=60)
    with system.loaded("--customers", "5"):
        until(lambda: system.databases.run("orders", rows.TEMPLATE, (rows.LINES,)), limit=120)
    system.troupe.stop()
    return rows.Template(system.databases, near=True)


class Past(threading.Thread):
    """Writes old orders, by their numbers, into one database."""

    def __init__(self, databases, database, template, first, numbers):
        super().__init__(daemon=True)
        self.database, self.template, self.first = database, template, first
        self.numbers = numbers
        self.connection = psycopg2.connect(databases.conninfo[database])
        self.connection.autocommit = True
        self.failed = None

    def run(self):
        try:
            with self.connection.cursor() as cursor:
                cursor.execute("set session_replication_role = replica")  # checks no foreign keys
                cursor.execute("set work_mem = '256MB'")
                for start in range(self.numbers.start, self.numbers.stop, CHUNK):
                    self.write(cursor, start, min(start + CHUNK, self.numbers.stop) - 1)
                cursor.execute("vacuum (analyze)")
        except psycopg2.Error as e:
            self.failed = e
        finally:
            self.connection.close()

    def write(self, cursor, start, last):
        # Sorted: the indexes are then written from left to right.
        orders = (f"select 'c' || substr(md5(n::text), 1, 24) as id, 'old-' || n % {USERS} as usr,"
                  " now() - interval '35 days' - n * interval '5 seconds' as at,"
                  f" {self.first} + n * {rows.POSITIONS}::bigint as first"
                  f" from generate_series({start}, {last}) n order by 1")
        for table in rows.TABLES[self.database]:
            if table not in REMOVED:
                cursor.execute(self.template.insert(self.database, table, orders))


def grow(system, template, streams, numbers):
    """More old orders; PostgreSQL is at rest when it returns."""
    began = time.monotonic()
    system.databases.on_server("alter system set max_wal_size = '16GB'", "select pg_reload_conf()")
    past = [Past(system.databases, database, template, streams[database], numbers)
            for database in rows.TABLES]
    for each in past:
        each.start()
    for each in past:
        each.join()
        if each.failed:
            raise each.failed
    system.databases.on_server("alter system reset max_wal_size", "select pg_reload_conf()",
                               "checkpoint")
    print(f"{numbers.stop} old orders, {len(numbers)} of them written within"
          f" {time.monotonic() - began:.0f} s", flush=True)


def main():
    how = arguments()
    few, many = how.old
    with System(how.binary) as system:
        template = serve_one(system)
        streams = rows.new_streams(system.databases)
        costs, rates = [], []
        for numbers in (range(few), range(few, many)):
            grow(system, template, streams, numbers)
            system.troupe.start(limit=120)
            seen = measure(system, how.warm_up, how.seconds, "--customers", str(how.customers))
            system.troupe.stop()
            tell(f"Troupe beside {numbers.stop} old orders", seen)
            costs.append(seen.cost["Troupe"] + seen.cost["PostgreSQL"])
            rates.append(seen.rate)
    print(f"CPU of Troupe and PostgreSQL a lifecycle: {costs[0] * 1e3:.2f} ms, {costs[1] * 1e3:.2f} ms;"
          f" ratio {costs[1] / costs[0]:.2f}; lifecycles/s: ratio {rates[1] / rates[0]:.2f}")
    print("command:", " ".join(sys.argv))


if __name__ == "__main__":
    main()
