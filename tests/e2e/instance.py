"""The five databases of one Troupe, and the program itself: started, ended and killed at will."""

import contextlib
import ctypes
import os
import random
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path

import psycopg2
import psycopg2.extensions

from client import HOST, Client, order_of, until

SERVICES = ("order", "payment", "inventory", "emailing", "gateway")
DATABASES = ("orders", "payments", "inventory", "emailing", "gateway")

# Short rounds, so that what depends on them shows within a test's time.
DEADLINES = {
    "TROUPE_DEADLINES_PAYMENT": "2",
    "TROUPE_DEADLINES_CONFIRMATION": "3",
    "TROUPE_DEADLINES_SETTLEMENT": "3",
    "TROUPE_DEADLINES_LONGEST": "4",
}


def free_ports(count):
    """Free a moment ago, and below the range of outgoing connections, so that a restart finds them
    free again. All are held while they are chosen, so that they differ."""
    held = []
    try:
        while len(held) < count:
            candidate = socket.socket()
            try:
                candidate.bind((HOST, random.randrange(20000, 32000)))
                held.append(candidate)
            except OSError:
                candidate.close()
        return [s.getsockname()[1] for s in held]
    finally:
        for s in held:
            s.close()


def die_with_parent():
    """In a child: a killed test session leaves no server behind."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Databases:
    """Fresh ones on the given server, with a connection of ours to each."""

    def __init__(self, server):
        self.server = server
        prefix = f"e2e_{secrets.token_hex(4)}_"
        self.names = {name: prefix + name for name in DATABASES}
        self.on_server(*(f"create database {name}" for name in self.names.values()))
        self.conninfo = {name: psycopg2.extensions.make_dsn(server, dbname=own)
                         for name, own in self.names.items()}
        self.open = {}

    def on_server(self, *statements):
        connection = psycopg2.connect(self.server)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        finally:
            connection.close()

    def run(self, database, sql, parameters=()):
        """The rows, or the number of rows changed."""
        if database not in self.open:
            self.open[database] = psycopg2.connect(self.conninfo[database])
            self.open[database].autocommit = True
        with self.open[database].cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else cursor.rowcount

    def one(self, database, sql, parameters=()):
        rows = self.run(database, sql, parameters)
        assert len(rows) == 1, rows
        return rows[0][0] if len(rows[0]) == 1 else rows[0]

    def end_sessions_of_troupe(self):
        """Ends all sessions in the five databases but ours; how many there were."""
        ours = [connection.get_backend_pid() for connection in self.open.values()]
        return self.one("orders", "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                        " where datname = any(%s) and pid <> all(%s) and pid <> pg_backend_pid()",
                        (list(self.names.values()), ours))

    def reconnect(self):
        """After the server was stopped: our sessions are gone with it."""
        for connection in self.open.values():
            connection.close()
        self.open.clear()

    @contextlib.contextmanager
    def away(self, *databases):
        """Nobody but us has or gets a connection to these, by default all five."""
        databases = databases or DATABASES
        for database in databases:
            self.one(database, "select 1")  # ours is open, and stays
        names = [self.names[database] for database in databases]
        self.on_server(*(f"alter database {name} with allow_connections false" for name in names))
        try:
            self.end_sessions_of_troupe()
            yield
        finally:
            self.on_server(*(f"alter database {name} with allow_connections true"
                             for name in names))

    def digest(self):
        """A digest of every row of every table, by table: refused input must change none. Left out
        is what follows by itself a little later: the nodes' leases, whether an e-mail has been
        sent, how far events are published, the figures of what the history says."""
        moving = {"incarnations": "'-'", "emails": "id"}
        tables = {(name, table) for name in DATABASES for (table,) in self.run(
            name, "select table_name from information_schema.tables where table_schema = 'public'"
            " and table_name not in ('streams', 'watermarks') and table_name not like 'figures%%'")}
        return {(database, table): self.one(
            database, f"select md5(coalesce(string_agg({moving.get(table, 'row::text')}, '|'"
            f" order by row::text), '')) from {table} row") for database, table in tables}

    def digest_at_rest(self):
        """The digest once nothing has moved for a second: after a start, streams are drained."""
        seen = [self.digest()]

        def rests():
            seen.append(self.digest())
            return seen[-1] == seen[-2]
        until(rests, pause=1)
        return seen[-1]

    def drop(self):
        for connection in self.open.values():
            connection.close()
        self.on_server(*(f"drop database if exists {name} with (force)"
                         for name in self.names.values()))


class Troupe:
    def __init__(self, binary, databases, brokers, folder):
        self.binary = binary
        self.db = databases
        self.folder = Path(folder)
        self.spool = self.folder / "spool"
        self.ports = dict(zip(SERVICES, free_ports(len(SERVICES))))
        self.process = None
        self.settings = {}
        self.products = 0
        self.products_are = "e2e"  # how their ids begin
        self.base = {
            "TROUPE_KAFKA_BROKERS": brokers,
            "TROUPE_EMAILING_SPOOL": str(self.spool),
            "TROUPE_LOG_FORMAT": "text",
            **DEADLINES,
            **{f"TROUPE_DATABASES_{n.upper()}": c for n, c in databases.conninfo.items()},
            **{f"TROUPE_SERVER_{s.upper()}_PORT": str(p) for s, p in self.ports.items()},
        }

    def client(self, service="gateway", **more):
        return Client(self.ports[service], **more)

    def environment(self, settings):
        inherited = {n: v for n, v in os.environ.items() if not n.startswith("TROUPE_")}
        return {**inherited, **self.base, **settings}

    def launch(self, settings=None):
        self.settings = dict(settings or {})
        with open(self.folder / "troupe.log", "ab") as log:
            # No config.toml in its folder: the environment says it all.
            self.process = subprocess.Popen(
                [self.binary, "serve"], cwd=self.folder, env=self.environment(self.settings),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)

    def start(self, settings=None, limit=30):
        self.launch(settings)
        until(self.is_ready, limit=limit)

    def is_ready(self):
        assert self.process.poll() is None, f"troupe ended with {self.process.returncode}"
        try:
            return self.client().get("/health/ready").status == 200
        except OSError:
            return False

    def is_stopped(self):
        """By SIGSTOP."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "T"

    def stop(self):
        """SIGTERM. Returns the exit code and the seconds that it took."""
        began = time.monotonic()
        self.process.terminate()
        code = self.process.wait(timeout=20)
        self.process = None
        return code, time.monotonic() - began

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def await_end(self, limit=20):
        """The exit code of a process that ends by itself; of a signal: its number, negative."""
        code = self.process.wait(timeout=limit)
        self.process = None
        return code

    def running(self, settings=None):
        """Sees to it that it runs with these settings and no others."""
        if self.process is not None and self.settings == (settings or {}):
            return
        if self.process is not None and self.process.poll() is None:
            code, _ = self.stop()
            assert code == 0
        self.start(settings)  # also after a test that failed and left it dead

    def end(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def log(self):
        path = self.folder / "troupe.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def new_product(self, stock=1000, cents=1250):
        """A product of the test's own, once the catalogue knows it."""
        self.products += 1
        product = f"{self.products_are}-{self.products}"
        self.db.run("inventory", "insert into products (id, name, price, stock, initial)"
                    " values (%s, %s, %s, %s, %s)",
                    (product, f"Thing {self.products}", cents, stock, stock))
        wrong_price = order_of((product, 1))
        wrong_price["items"][0]["price"] = cents / 100 + 1
        until(lambda: self.client().post("/orders", wrong_price),
              lambda answer: answer.code == "price_changed")
        return product

    def stock_of(self, product):
        """(stock, reserved, sold)"""
        return self.db.one("inventory", "select stock, reserved, sold from products where id = %s",
                           (product,))

    def ledger(self, order):
        """The gateway's books: (kind, status) of each line of the order, charges first. By key: a
        key that was voided before it was charged names no order."""
        return self.db.run("gateway", "select kind, status from ledger where key like %s"
                           " or key like %s order by kind, created_at",
                           (f"{order}:%", f"refund:{order}:%"))
