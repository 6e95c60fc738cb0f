"""The rows that a completed order leaves in the five databases, read from one that Troupe has served,
and the SQL that writes the like for other orders, a set of them at once.

A set of orders is a subquery: id, usr (the user), at (a time), first (its first journal position)."""

import re
import threading

import psycopg2

# Found by searching every table of the five databases for an order's id; foreign keys come first.
# Besides, an order moves `products`, `watermarks` and the figures of GET /analytics/orders.
TABLES = {
    "orders": {"orders": "id = %s", "order_items": "order_id = %s",
               "order_status_history": "order_id = %s", "idempotency_keys": "order_id = %s"},
    "payments": {"payments": "order_id = %s", "payment_attempts": "order_id = %s",
                 "payment_journal": "order_id = %s"},
    "inventory": {"stock_orders": "order_id = %s", "stock_ledger": "order_id = %s"},
    "emailing": {"order_users": "order_id = %s", "notifications": "order_id = %s",
                 "emails": "id in (select id from notifications where order_id = %s)"},
    "gateway": {"ledger": "order_id = %s"},
}
LINES = 2            # of the order taken as the template: the mean of bench/lifecycles.toml
STREAM_BITS = 39     # of a position: its counter within its journal stream
POSITIONS = 8        # set apart for an order; it uses six at most

COLUMNS = """
select a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a
where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped
and a.attidentity = '' and a.attgenerated = '' order by a.attnum"""

TEMPLATE = """
select o.id, o.user_id from orders o where o.status = 'COMPLETED'
and (select count(*) from order_items i where i.order_id = o.id) = %s
order by o.created_at limit 1"""


def literal(text):
    return "'" + text.replace("'", "''") + "'"


class Template:
    """`near`: an order's other ids are close to its own, which makes many quick to write."""

    def __init__(self, databases, near=False):
        self.near = near
        self.order, self.user = databases.one("orders", TEMPLATE, (LINES,))
        self.columns, self.rows = {}, {}
        for database, tables in TABLES.items():
            for table, where in tables.items():
                columns = databases.run(database, COLUMNS, (table,))
                names = ", ".join(f'"{name}"::text' for name, _ in columns)
                rows = databases.run(database, f"select {names} from {table} where {where}"
                                     " order by 1, 2", (self.order,))
                self.columns[database, table] = columns
                self.rows[database, table] = [dict(zip([n for n, _ in columns], row))
                                              for row in rows]
        self.offsets = {database: self.offsets_of(database) for database in TABLES}
        self.offsets["emailing"] = self.offsets["orders"]  # the events that it has told of

    def journal(self, database, table):
        """Its rows in the order in which they were written, if it is a journal."""
        rows = [row for row in self.rows[database, table] if "position" in row]
        return sorted(rows, key=lambda row: int(row["position"]))

    def offsets_of(self, database):
        """Where a position of the template's stands among those of its order."""
        return {row["position"]: f"(o.first + {i})" for table in TABLES[database]
                for i, row in enumerate(self.journal(database, table))}

    def count(self):
        return sum(map(len, self.rows.values()))

    def expression(self, database, text):
        """Of another order: its own ids, digests, positions and user where this one has its own."""
        known = "|".join(map(re.escape, (self.order, self.user)))
        parts = re.split(rf"({known}|\bc[a-z0-9]{{24}}\b|\b[0-9a-f]{{64}}\b|(?<=order-)\d+)", text)
        said = [literal(part) if i % 2 == 0 else self.own(database, part)
                for i, part in enumerate(parts) if part]
        return " || ".join(said) or "''"

    def own(self, database, part):
        if part == self.order:
            return "o.id"
        if part == self.user:
            return "o.usr"
        if part in self.offsets[database]:
            return f"{self.offsets[database][part]}::text"
        if len(part) == 64:
            return f"md5({literal(part)} || o.id) || md5(o.id || {literal(part)})"
        if self.near:
            return f"left(o.id, 19) || {literal(part[-6:])}"
        return f"'c' || substr(md5({literal(part)} || o.id), 1, 24)"

    def value(self, database, name, kind, text):
        if text is None:
            return f"null::{kind}"
        if name == "position":
            return self.offsets[database][text]
        if kind.startswith("timestamp"):
            return "o.at"
        return f"({self.expression(database, text)})::{kind}"

    def insert(self, database, table, source, rows=None, **other):
        """`other`: expressions of columns that are not as in the template."""
        columns = self.columns[database, table]
        names = ", ".join(f'"{name}"' for name, _ in columns)
        values = ", ".join(
            "(" + ", ".join(other.get(name) or self.value(database, name, kind, row[name])
                            for name, kind in columns) + ")"
            for row in (self.rows[database, table] if rows is None else rows))
        return (f"insert into {table} ({names}) select v.* from ({source}) o"
                f" cross join lateral (values {values}) v")

    def inserts(self, database, source):
        return [self.insert(database, table, source) for table in TABLES[database]]


def new_streams(databases):
    """The first position, in each database, of a journal stream of our own, which Troupe takes for a
    finished one. E-mails tell of the orders' journal; the gateway has none."""
    first = {database: new_stream(databases, database)
             for database in ("orders", "payments", "inventory")}
    databases.run("orders", "insert into figures_folded values (%s, %s, true)",
                  (first["orders"] >> STREAM_BITS, first["orders"]))
    return {**first, "emailing": first["orders"], "gateway": 0}


def new_stream(databases, database):
    stream = databases.one(database, "insert into streams (incarnation, drained)"
                           " select min(incarnation), true from incarnations returning stream")
    return stream << STREAM_BITS


def in_each_database(databases, work):
    """Runs `work(cursor, database)` in all five at once, each in a session of its own, and returns when
    all are done."""
    failed = []

    def run(database):
        connection = psycopg2.connect(databases.conninfo[database])
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                work(cursor, database)
        except psycopg2.Error as e:
            failed.append(e)
        finally:
            connection.close()

    # Daemons: whoever is interrupted does not wait for them.
    threads = [threading.Thread(target=run, args=(name,), daemon=True) for name in TABLES]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if failed:
        raise failed[0]
