"""Customers who pay and customers who regret it, while a fault is provoked by fail points."""

import re
from concurrent.futures import ThreadPoolExecutor

import audit
from client import until
from shoppers import THREADS, Buyer

CUSTOMERS = 24

# What is left claimed by the dead is free again soon.
SETTINGS = {"TROUPE_KAFKA_SESSION_TIMEOUT_MS": "1500", "TROUPE_PAYMENT_REFUND_LEASE_MS": "2000"}


def armed(points):
    return {**SETTINGS, "TROUPE_FAIL_POINTS": points}


def passed(troupe, since):
    """The fail points that have acted since the log had this length."""
    return re.findall(r'fail_point\.passed point="?([^"\s]+)', troupe.log()[since:])


class Regretful(Buyer):
    """Pays, then cancels, and wants the money back."""

    cancelled = False

    def go(self):
        if super().go().paid and not self.cancelled:
            try:
                answer = self.client.post(f"/orders/{self.order}/cancel", user=self.user)
                assert answer.status in (200, 503), answer
                self.cancelled = answer.status == 200
            except self.CUT_OFF:
                pass
        return self

    def is_done(self):
        return self.cancelled or self.go().cancelled


class Crowd:
    """Customers who all want one product; every third has regrets. `answered`: the process lives,
    so that nobody may be left without an answer."""

    def __init__(self, troupe, answered=False):
        self.troupe = troupe
        self.product = troupe.new_product(stock=CUSTOMERS)
        self.all = [(Regretful if i % 3 == 2 else Buyer)(troupe.client(), self.product, i)
                    for i in range(CUSTOMERS)]
        if answered:
            for customer in self.all:
                customer.CUT_OFF = ()

    def during(self, act):
        """What `act()` gives, while all of them shop."""
        with ThreadPoolExecutor(THREADS) as pool:
            runs = [pool.submit(customer.go) for customer in self.all]
            result = act()
            for run in runs:
                run.result()
        return result

    def must_end_well(self, expected=()):
        """`expected`: as audit.await_sound."""
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(self.end_well, self.all))
        audit.await_sound(self.troupe, expected=expected)
        kept = sum(not isinstance(c, Regretful) for c in self.all)
        assert self.troupe.stock_of(self.product) == (CUSTOMERS - kept, 0, kept)
        assert len({customer.order for customer in self.all}) == CUSTOMERS

    @staticmethod
    def end_well(customer):
        if customer.order is not None:
            now = until(lambda: customer.client.get(f"/orders/{customer.order}", user=customer.user),
                        lambda answer: answer.status != 503)
            assert now.status == 200, f"acknowledged and lost: {now}"
        until(customer.is_done, limit=40, pause=0.2)
        ends = (("CANCELLED", "REFUNDED") if isinstance(customer, Regretful)
                else ("CONFIRMED", "SUCCESS"))
        customer.client.await_order(
            customer.order, lambda now: (now["status"], now["paymentStatus"]) == ends, limit=60,
            user=customer.user)


def crowd_before(troupe, points, answered=False):
    """A crowd, and the program started again with these points armed: events that an earlier test
    left may pass them at any time from then on. And how long the log was."""
    troupe.running(SETTINGS)
    crowd = Crowd(troupe, answered)
    troupe.stop()
    since = len(troupe.log())
    troupe.launch(armed(points))
    until(lambda: troupe.process.poll() is not None or troupe.is_ready(), limit=30)
    return crowd, since
