"""Every kind of customer and every kind of fault at once; then the books must balance."""

import http.client
import os
import random
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import audit
from client import until
from test_payments import BREAKS, DECLINED, SILENT

GOOD = "4242424242424242"
CUSTOMERS = 150
ROUNDS = int(os.environ.get("TROUPE_TEST_STORM_ROUNDS", "3"))
SETTINGS = {
    "TROUPE_PAYMENT_CALL_LIMIT_MS": "500",
    "TROUPE_PAYMENT_TRIES": "2",
    "TROUPE_PAYMENT_CHARGE_LIMIT_MS": "1200",
    "TROUPE_PAYMENT_WAIT_MS": "1500",
    "TROUPE_DEADLINES_PAYMENT": "1",
}


class Customer:
    """Does a few random things with one order, whatever happens around."""

    def __init__(self, client, products, number, seed):
        self.random = random.Random(f"{seed}-{number}")
        self.client = client
        self.user = f"storm-{number}-{seed}"
        self.product = self.random.choice(products)
        self.key = secrets.token_hex(8)
        self.order = None
        self.paid = self.cancelled = False

    def go(self):
        self.attempt(self.place)
        for act in self.random.choices([self.pay, self.cancel], weights=[4, 1], k=4):
            if self.order is not None:
                self.attempt(act)

    @staticmethod
    def attempt(act):
        try:
            act()
        except (OSError, http.client.HTTPException):
            pass  # cut off: what was not acknowledged may have happened or not

    def place(self):
        placed = self.client.place(self.product, self.random.randint(1, 3), self.key, self.user)
        assert placed.status in (201, 409, 503), placed
        if placed.status == 201:
            self.order = placed.json["id"]

    def pay(self):
        card = self.random.choices([GOOD, DECLINED, BREAKS, SILENT], weights=[6, 2, 2, 1])[0]
        paid = self.client.pay(self.order, card, self.user)
        assert paid.status in (200, 202, 409, 503), paid
        self.paid = self.paid or (paid.status == 200 and paid.json["success"])

    def cancel(self):
        answer = self.client.post(f"/orders/{self.order}/cancel", user=self.user)
        assert answer.status in (200, 409, 503), answer
        self.cancelled = self.cancelled or answer.status == 200

    def promises_were_kept(self):
        if self.order is None:
            return
        now = self.client.order(self.order, user=self.user)
        if self.cancelled:
            assert now["status"] == "CANCELLED", now
        if self.paid and now["status"] == "CANCELLED":
            assert now["paymentStatus"] == "REFUNDED", now
        elif self.paid:
            assert now["status"] == "CONFIRMED", now


def faults(troupe, chance):
    def kill():
        troupe.kill()
        troupe.start(SETTINGS)

    def restart():
        code, _ = troupe.stop()
        assert code == 0
        troupe.start(SETTINGS)
    return chance.choice([kill, kill, restart, troupe.db.end_sessions_of_troupe])


@pytest.mark.long
def test_storm(instance):
    instance.running(SETTINGS)
    seed = secrets.randbits(32)
    print("seed", seed)
    chance = random.Random(seed)
    products = [instance.new_product(stock=chance.randint(20, 60)) for _ in range(4)]
    customers = [Customer(instance.client(), products, i, seed) for i in range(CUSTOMERS)]
    over = threading.Event()
    with ThreadPoolExecutor(16) as pool:
        runs = [pool.submit(customer.go) for customer in customers]
        for _ in range(ROUNDS):
            over.wait(chance.uniform(0.1, 1.5))  # the moment is the point
            faults(instance, chance)()
        for run in runs:
            run.result()
    audit.await_sound(instance, limit=60)
    for customer in customers:
        until(lambda c=customer: c.promises_were_kept() is None)
