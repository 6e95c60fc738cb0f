#!/usr/bin/python3 -B
"""Three nodes restarted one after the other under load: how many requests fail. Customers go through
a balancer that leaves a node out once its readiness says so or a connection is refused."""

import http.client
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import several
import shop


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


def main():
    parser = shop.flags(__doc__)
    parser.add_argument("--customers", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=1, help="of all three nodes")
    given = parser.parse_args()
    with shop.prepared(given.binary) as troupe, several.nodes(troupe, 3) as cluster:
        product = several.product_for(cluster)
        ended = threading.Event()
        balancer = Balancer(cluster, ended)
        outcomes = Counter()
        with ThreadPoolExecutor(given.customers + 1) as pool:
            pool.submit(balancer.watch)
            shops = [pool.submit(shop_until, ended, balancer, product, outcomes)
                     for _ in range(given.customers)]
            began = time.monotonic()
            for node in list(cluster) * given.rounds:
                restart(cluster, node)
            seconds = time.monotonic() - began
            ended.set()
            for each in shops:
                each.result()
    failed = sum(count for what, count in outcomes.items() if not what.endswith("ok"))
    shop.say(f"{3 * given.rounds} restarts within {seconds:.0f} s,"
             f" {sum(outcomes.values())} requests, {failed} failed {dict(outcomes)}")


def restart(cluster, node):
    code, seconds = node.stop()
    assert code == 0, f"{node.name} ended with {code}"
    node.launch()
    cluster.await_shared(limit=120)
    shop.say(f"{node.name} ended within {seconds:.1f} s, and is back")


def shop_until(ended, balancer, product, outcomes):
    """Orders, pays and looks, one order after the other."""
    while not ended.is_set():
        placed = tell(outcomes, "place", balancer, lambda c: c.place(product), 201)
        if placed is None:
            continue
        order = placed.json["id"]
        tell(outcomes, "pay", balancer, lambda c, o=order: c.pay(o), 200)
        tell(outcomes, "look", balancer, lambda c, o=order: c.get(f"/orders/{o}"), 200)


def tell(outcomes, name, balancer, request, wanted):
    """The answer, if it is the one that is wanted."""
    try:
        answer = balancer.ask(request)
    except (OSError, http.client.HTTPException) as broken:
        outcomes[f"{name} {type(broken).__name__}"] += 1
        return None
    if answer.status != wanted:
        outcomes[f"{name} {answer.status}"] += 1
        return None
    outcomes[f"{name} ok"] += 1
    return answer


if __name__ == "__main__":
    shop.play(main)
