"""Kafka is away, the payment gateway is away: orders go on, and settle when it is back."""

import subprocess
import urllib.request

import pytest

from client import HOST, until
from instance import die_with_parent, free_ports
from shoppers import Shoppers
from test_kafka import NOTHING_ASKS_AGAIN


@pytest.mark.long
def test_orders_go_on_without_kafka(instance, broker):
    instance.running(NOTHING_ASKS_AGAIN)
    client = instance.client()
    shoppers = Shoppers(instance, 30)
    broker.stop()
    try:
        for buyer in shoppers.all:
            assert buyer.go().paid, "no order without Kafka"
        ready = until(lambda: client.get("/health/ready"),
                      lambda answer: answer.json["status"] == "degraded")
        assert ready.status == 200
    finally:
        broker.start()
    shoppers.must_all_end_well()
    until(lambda: client.get("/health/ready").json["status"], lambda status: status == "up")


class Simulator:
    """`troupe gateway-sim` as a process of its own, on the same books as ever."""

    def __init__(self, troupe):
        self.troupe = troupe
        self.port, = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        log = open(self.troupe.folder / "gateway.log", "ab")
        with log:
            self.process = subprocess.Popen(
                [self.troupe.binary, "gateway-sim"], cwd=self.troupe.folder, stdout=log, stderr=log,
                env=self.troupe.environment({"TROUPE_PAYMENT_SIMULATOR_PORT": str(self.port)}),
                stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
        until(self.answers)

    def answers(self):
        try:
            # Not by our Client: it holds every answer to Troupe's own description.
            with urllib.request.urlopen(f"http://{HOST}:{self.port}/health", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def simulator(instance):
    made = Simulator(instance)
    made.start()
    yield made
    made.kill()


def test_a_gateway_that_is_killed_charges_nobody_twice(instance, simulator):
    instance.running({
        "TROUPE_PAYMENT_GATEWAY": simulator.url,
        "TROUPE_PAYMENT_CALL_LIMIT_MS": "1000",
        "TROUPE_PAYMENT_CHARGE_LIMIT_MS": "1500",
        "TROUPE_DEADLINES_PAYMENT": "1",
    })
    shoppers = Shoppers(instance, 40)

    def kill_and_start():
        simulator.kill()
        simulator.start()
    shoppers.while_running(kill_and_start)
    shoppers.must_all_end_well()
