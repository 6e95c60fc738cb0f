"""The sessions that a node keeps are as many as docs/operations.md says: somebody sets
max_connections by it."""

import re
from pathlib import Path

from client import until
from instance import DATABASES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
DEFAULTS = {"orders.journals": 1, "orders.readers": 1, "payment.workers": 1,
            "inventory.workers": 1, "emailing.workers": 1}


def promised():
    """By database, with the default settings."""
    rows = re.findall(r"^\| (\w+) \| ([^|]*\d) \|", PAGE.read_text(), re.MULTILINE)
    return {database: sum(int(DEFAULTS.get(term.strip("` "), term.strip("` ")))
                          for term in formula.split("+"))
            for database, formula in rows if database in DATABASES}


def test_a_node_keeps_the_sessions_that_the_page_counts(instance):
    expected = promised()
    assert set(expected) == set(DATABASES)
    troupe, client = instance, instance.client()
    troupe.running({"TROUPE_RETENTION_INTERVAL_S": "1"})  # its sessions come with its sweeps
    order = client.new_order(troupe.new_product())
    client.pay(order)
    client.await_order(order, "CONFIRMED")
    ours = [connection.get_backend_pid() for connection in troupe.db.open.values()]

    def sessions():
        client.get("/analytics/orders")
        client.get("/notifications")
        client.get("/dead-letters")
        client.get(f"/orders/{order}/diagnosis")
        rows = dict(troupe.db.run(
            "orders", "select datname, count(*) from pg_stat_activity where datname = any(%s)"
            " and pid <> all(%s) and pid <> pg_backend_pid() group by 1",
            (list(troupe.db.names.values()), ours)))
        return {name: rows.get(own, 0) for name, own in troupe.db.names.items()}
    until(sessions, lambda found: found == expected)
