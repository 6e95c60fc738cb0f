"""More requests than can be served: memory stays under the configured bound, what is past it is
answered 503, and afterwards the program serves as before."""

import json
import re
import subprocess
import time

import pytest

import audit
from client import HOST, order_of, until

SETTINGS = {"TROUPE_ORDERS_IDLE_MS": "2000"}
MB = 1 << 20
# Refusing begins below the bound; this is for what a slow machine takes in between two looks.
SLACK = 1.1

SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [[%s]]
"""


def resident(troupe):
    with open(f"/proc/{troupe.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) * 1024


class Overload:
    """Posts orders as fast as they are answered, on 400 connections."""

    def __init__(self, troupe, product, seconds, folder):
        script = folder / "post.lua"
        script.write_text(SCRIPT % json.dumps(order_of((product, 1))))
        self.process = subprocess.Popen(
            ["wrk", "-t1", "-c400", f"-d{seconds}s", "--timeout", "20s", "-s", str(script),
             f"http://{HOST}:{troupe.ports['order']}/orders"], stdout=subprocess.PIPE, text=True)

    def running(self):
        return self.process.poll() is None

    def refused(self):
        said = self.process.communicate(timeout=60)[0]
        found = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
        return int(found.group(1)) if found else 0


def overload(instance, folder, seconds, room):
    instance.running(SETTINGS)
    limit = resident(instance) // MB + room
    instance.running({**SETTINGS, "TROUPE_SERVER_MEMORY_MB": str(limit)})
    product = instance.new_product(stock=10_000_000)
    load, most = Overload(instance, product, seconds, folder), 0
    while load.running():
        most = max(most, resident(instance))
        assert instance.client().get("/health/live").status == 200
        time.sleep(0.2)  # between samples
    print(f"limit {limit} MB, most {most // MB} MB")
    assert load.refused() > 0
    assert "memory.over" in instance.log()
    assert most < limit * MB * SLACK
    client = instance.client()
    order = until(lambda: client.place(product), lambda answer: answer.status == 201, limit=90)
    assert client.pay(order.json["id"]).json["success"]
    client.await_order(order.json["id"], "CONFIRMED", limit=120)
    audit.await_sound(instance, limit=600)  # up to 150,000 e-mails, each safe on the disk


def test_overload_for_seconds(instance, tmp_path):
    overload(instance, tmp_path, seconds=8, room=32)


@pytest.mark.long
def test_overload_for_two_minutes(instance, tmp_path):
    overload(instance, tmp_path, seconds=120, room=32)
