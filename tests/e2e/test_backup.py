"""What docs/operations.md says about back-up and restore, done: dumps of a stopped shop restored in
another cluster, and an older set of dumps restored when the shop had gone on since."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import audit
from broker import Broker
from client import until
from instance import DATABASES, Databases, Troupe
from postgres import Postgres

BIN = Path(os.environ.get("TROUPE_PG_BIN", "/usr/lib/postgresql/15/bin"))
PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"

pytestmark = pytest.mark.long


def statements(heading):
    """The SQL of docs/operations.md under this heading: (database or "each", statement)."""
    section = PAGE.read_text().split(f"### {heading}\n")[1].split("\n##")[0]
    block = section.split("```sql\n")[1].split("```")[0]
    found, where = [], None
    for line in block.splitlines():
        if line.startswith("-- in "):
            where = line.split()[2]
        elif line.strip():
            found.append((where, line))
    return found


def run_statements(db, heading):
    for where, statement in statements(heading):
        for database in DATABASES[:4] if where == "each" else [where]:
            db.run(database, statement)


def dump(databases, names, folder):
    folder.mkdir()
    for name in names:
        subprocess.run([BIN / "pg_dump", "-Fc", "-f", folder / name, databases.conninfo[name]],
                       check=True, timeout=120)
    return folder


def restore(databases, names, folder):
    for name in names:
        subprocess.run([BIN / "pg_restore", "--no-owner", "-d", databases.conninfo[name],
                        folder / name], check=True, timeout=120)


def go_past(databases, xid):
    """The cluster's transaction ids are above `xid`, as those of an old one are."""
    while databases.one("orders", "select pg_current_xact_id()::text::bigint") <= xid:
        databases.run("orders", "set synchronous_commit = off")
        databases.run("orders", "do $$ begin for i in 1..10000 loop perform pg_current_xact_id();"
                      " commit; end loop; end $$")


class Site:
    """A Troupe on its own databases of a server, and its own Kafka."""

    def __init__(self, server, folder):
        folder.mkdir()
        self.broker = Broker(folder / "kafka")
        self.databases = Databases(server)
        self.troupe = Troupe(os.environ["TROUPE_BINARY"], self.databases, self.broker.address,
                             folder)

    def end(self):
        self.troupe.end()
        self.broker.end()
        self.databases.drop()


@pytest.fixture(scope="module")
def server():
    """A cluster of our own: dumps of it are restored in the one that all tests use."""
    made_in = Path(tempfile.mkdtemp(prefix="troupe-backup."))
    made_in.chmod(0o711)
    made = Postgres(made_in / "postgres")
    yield made.server
    made.end()
    shutil.rmtree(made_in, ignore_errors=True)


@pytest.fixture
def place(folder, request):
    made = folder / request.node.name
    made.mkdir()
    return made


@pytest.fixture
def old(server, place):
    made = Site(server, place / "old")
    yield made
    made.end()


@pytest.fixture
def new(place):
    made = Site(os.environ["TROUPE_TEST_PG"], place / "new")
    yield made
    made.end()


@pytest.fixture
def instance(new):
    """For the report of a failure."""
    return new.troupe


def bought(client, product, count):
    orders = [client.new_order(product) for _ in range(count)]
    for order in orders:
        assert client.pay(order).json["success"] is True
    return orders


def test_dumps_of_a_stopped_shop_restored_in_another_cluster(old, new, place):
    client = (old.troupe.start(), old.troupe.client())[1]
    product = old.troupe.new_product(stock=100)
    paid, unpaid = bought(client, product, 10), client.new_order(product)
    until(lambda: all(client.order(o)["status"] == "CONFIRMED" for o in paid))
    old.troupe.stop()
    old.troupe.start()  # takes the locks of the first run's streams, and says so
    old.broker.stop()   # so that something is unpublished when the shop stops
    late = bought(client, product, 5)
    old.troupe.stop()
    old.broker.start()
    dumps = dump(old.databases, DATABASES, place / "moved")
    last = old.databases.one("orders", "select pg_current_xact_id()::text::bigint")

    go_past(new.databases, last)
    restore(new.databases, DATABASES, dumps)
    new.troupe.base["TROUPE_KAFKA_BROKERS"] = old.broker.address
    assert any("written-after-fence" in line for line in audit.audited(new.troupe, ())), \
        "the old cluster's transaction ids do no harm: then nothing need be said of them"
    run_statements(new.databases, "After restoring dumps")
    assert not any("written-after-fence" in line for line in audit.audited(new.troupe, ()))

    new.troupe.start()
    client = new.troupe.client()
    for order in paid + late:
        client.await_order(order, "CONFIRMED", limit=40)
    assert client.pay(unpaid).json["success"] is True
    client.await_order(unpaid, "CONFIRMED")
    # Not its e-mails: they are in the old one's spool.
    until(lambda: audit.audited(new.troupe, ()), lambda found: not found, limit=40, pause=0.5)
    assert new.troupe.stock_of(product) == (84, 0, 16)


def test_a_shop_that_goes_back_to_an_older_state(old, new, place):
    """The gateway does not go back: it is somebody else's."""
    client = (old.troupe.start(), old.troupe.client())[1]
    product = old.troupe.new_product(stock=100)
    with old.databases.away("emailing"):  # so that there are events that somebody has not read
        paid, unpaid = bought(client, product, 10), client.new_order(product)
        for order in paid:
            client.await_order(order, "CONFIRMED")
        old.troupe.stop()
    dumps = dump(old.databases, DATABASES[:4], place / "older")
    old.troupe.start()
    assert client.pay(unpaid).json["success"] is True
    lost, = bought(client, product, 1)
    client.await_order(lost, "CONFIRMED")
    old.troupe.stop()
    dump(old.databases, DATABASES[4:], place / "books")

    restore(new.databases, DATABASES[:4], dumps)
    restore(new.databases, DATABASES[4:], place / "books")
    run_statements(new.databases, "After restoring dumps")
    run_statements(new.databases, "After going back in time")
    new.troupe.start()
    client = new.troupe.client()
    for order in paid:
        client.await_order(order, "CONFIRMED", limit=40)
    assert client.get(f"/orders/{lost}").status == 404
    assert client.order(unpaid)["status"] == "CREATED"
    assert client.pay(unpaid).json["success"] is True  # with the charge that was made already
    client.await_order(unpaid, "CONFIRMED")
    assert new.troupe.ledger(unpaid) == [("charge", "captured")]
    # What is left is what the page says: a charge at the gateway for an order that is gone.
    until(lambda: audit.audited(new.troupe, ()), lambda found: len(found) == 1 and lost in found[0],
          limit=60, pause=0.5)
    assert new.troupe.stock_of(product) == (89, 0, 11)
