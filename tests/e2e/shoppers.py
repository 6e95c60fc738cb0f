"""Customers in threads who each want one order, and what must become of all of them."""

import http.client
import random
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor

import audit
from client import until

THREADS = 12


class Buyer:
    """One customer who wants one order and tells what was acknowledged. The key makes a second
    POST safe: whoever got no answer asks again."""

    CUT_OFF = (OSError, http.client.HTTPException)

    def __init__(self, client, product, number):
        self.client = client
        self.product = product
        self.user = f"buyer-{number}"
        self.key = secrets.token_hex(8)
        self.order = None
        self.paid = None

    def go(self):
        """Places and pays, up to where it is cut off."""
        try:
            placed = self.client.place(self.product, key=self.key, user=self.user)
            if placed.status != 201:
                self.must_be_told_to_wait(placed)
                return self
            assert self.order in (None, placed.json["id"]), "one key made two orders"
            self.order = placed.json["id"]
            paid = self.client.pay(self.order, user=self.user)
            if paid.status != 200:
                self.must_be_told_to_wait(paid)
            if paid.status == 200 and paid.json["success"]:
                assert self.paid in (None, paid.json["transactionId"]), "charged twice"
                self.paid = paid.json["transactionId"]
        except self.CUT_OFF:
            pass
        return self

    @staticmethod
    def must_be_told_to_wait(answer):
        """Whatever is broken: the only other answer is "try again later". (Or that an order is
        cancelled: that was the customer, who was cut off from the answer.)"""
        assert answer.code == "order_cancelled" or answer.status in (202, 409, 503) and int(answer.headers["Retry-After"]) > 0, answer

    def is_done(self):
        return self.paid is not None or self.go().paid is not None


class Shoppers:
    """They run in threads; `while_running` acts when a random number of them have paid."""

    def __init__(self, troupe, count=100):
        self.troupe = troupe
        self.count = count
        self.seed = secrets.randbits(32)
        print("seed", self.seed)
        self.random = random.Random(self.seed)
        self.product = troupe.new_product(stock=count)
        client = troupe.client()
        self.all = [Buyer(client, self.product, i) for i in range(count)]

    def while_running(self, act):
        moment = self.random.randrange(self.count // 5, self.count // 2)
        reached = threading.Event()
        paid = []

        def run(buyer):
            if buyer.go().paid:
                paid.append(buyer)
            if len(paid) >= moment:
                reached.set()
        with ThreadPoolExecutor(THREADS) as pool:
            runs = [pool.submit(run, buyer) for buyer in self.all]
            assert reached.wait(60), f"only {len(paid)} have paid"
            result = act()
            for one in runs:
                one.result()
        return result

    def must_all_end_well(self):
        self.acknowledged_is_there()
        with ThreadPoolExecutor(THREADS) as pool:  # who was cut off tries again
            list(pool.map(lambda buyer: until(buyer.is_done, limit=40, pause=0.3), self.all))
            list(pool.map(self.await_confirmed, self.all))
        audit.await_sound(self.troupe)
        assert self.troupe.stock_of(self.product) == (0, 0, self.count)
        assert len({buyer.order for buyer in self.all}) == self.count

    @staticmethod
    def await_confirmed(buyer):
        """The database has only just come back: who is told to come again does."""
        def look():
            answer = buyer.client.get(f"/orders/{buyer.order}", user=buyer.user)
            assert answer.status in (200, 503), answer
            return answer
        until(look, lambda seen: seen.status == 200 and seen.json["status"] == "CONFIRMED", limit=40)

    def acknowledged_is_there(self):
        for buyer in self.all:
            if buyer.order is not None:
                now = until(lambda b=buyer: b.client.get(f"/orders/{b.order}", user=b.user),
                            lambda answer: answer.status != 503)
                assert now.status == 200, now
                if buyer.paid is not None:
                    # Nothing cancels here, so a paid order stays paid.
                    assert now.json["paymentStatus"] == "SUCCESS", now
                    assert now.json["status"] in ("PAYMENT_SUCCESS", "CONFIRMED")
