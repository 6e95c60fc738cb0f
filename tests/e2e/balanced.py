"""Customers who come to a cluster through a balancer, as shops have one: it leaves a node out once its
readiness says so, or a connection is refused."""

import contextlib
import http.client
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor


class Balancer:
    """Which nodes are ready, looked at as often as a usual one does."""

    def __init__(self, cluster, ended):
        self.cluster, self.ended = cluster, ended
        self.ready = list(cluster)
        self.turn = 0

    def watch(self):
        while not self.ended.is_set():
            self.ready = [node for node in self.cluster if node.process and self.answers(node)]
            time.sleep(0.2)

    @staticmethod
    def answers(node):
        try:
            return node.client(limit=2).get("/health/ready").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def ask(self, request):
        """The answer of the next node that takes the connection."""
        for _ in range(30):
            self.turn += 1
            nodes = self.ready
            if nodes:
                try:
                    return request(nodes[self.turn % len(nodes)].client())
                except ConnectionRefusedError:
                    pass  # nothing was asked
            time.sleep(0.05)
        raise ConnectionRefusedError("no node takes connections")


class Outcomes:
    """What came of the customers' requests."""

    def __init__(self):
        self.guard = threading.Lock()
        self.counts = Counter()
        self.orders = []  # that were paid
        self.slowest = 0  # seconds

    def requests(self):
        return sum(self.counts.values())

    def failed(self):
        return {what: count for what, count in self.counts.items() if not what.endswith(" ok")}

    def tell(self, name, balancer, request, wanted):
        """The answer, if it is the one that is wanted."""
        began = time.monotonic()
        try:
            answer = balancer.ask(request)
            said = "ok" if answer.status == wanted else answer.status
        except (OSError, http.client.HTTPException) as broken:
            said = type(broken).__name__
        with self.guard:
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.counts[f"{name} {said}"] += 1
        return answer if said == "ok" else None


@contextlib.contextmanager
def customers(cluster, product, count, pause=0.0):
    """So many of them meanwhile, each with one order after the other, `pause` seconds between them.
    Gives their outcomes, which are complete at the end."""
    ended = threading.Event()
    balancer, outcomes = Balancer(cluster, ended), Outcomes()
    with ThreadPoolExecutor(count + 1) as pool:
        pool.submit(balancer.watch)
        shops = [pool.submit(shop_until, ended, balancer, product, outcomes, pause)
                 for _ in range(count)]
        try:
            yield outcomes
        finally:
            ended.set()
        for each in shops:
            each.result()


def shop_until(ended, balancer, product, outcomes, pause):
    """Orders, pays and looks."""
    while not ended.wait(pause):
        placed = outcomes.tell("place", balancer, lambda c: c.place(product), 201)
        if placed is None:
            continue
        order = placed.json["id"]
        if outcomes.tell("pay", balancer, lambda c, o=order: c.pay(o), 200):
            outcomes.orders.append(order)
        outcomes.tell("look", balancer, lambda c, o=order: c.get(f"/orders/{o}"), 200)
