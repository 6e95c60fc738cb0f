#!/usr/bin/python3 -B
"""kill -9 of one of three nodes under load: for every order of the dead node the time until a command
on it succeeds at another node. Customers of the other two nodes shop meanwhile."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import several
import shop
from client import until


def main():
    parser = shop.flags(__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--orders", type=int, default=50, help="that the node has, and that wait")
    parser.add_argument("--customers", type=int, default=4, help="who shop meanwhile")
    given = parser.parse_args()
    with shop.prepared(given.binary) as troupe, several.nodes(troupe, 3) as cluster:
        product = several.product_for(cluster)
        medians, worst = [], []
        for run in range(given.runs):
            times = fail_over(cluster, cluster[run % 3], product, given)
            medians.append(median(times))
            worst.append(max(times))
            shop.say(f"run {run + 1}: {len(times)} orders of {cluster[run % 3].name}:"
                     f" median {medians[-1]:.2f} s, worst {worst[-1]:.2f} s")
        shop.say(f"time until a command succeeds elsewhere: median {median(medians):.2f} s,"
                 f" worst {max(worst):.2f} s over {given.runs} runs")


def fail_over(cluster, victim, product, given):
    """Seconds from the kill to the success, of each order that the victim owned."""
    others = [node for node in cluster if node is not victim]
    users = [f"waiting-{i}" for i in range(given.orders)]
    theirs = shop.place_orders(victim, product, users)
    ended = threading.Event()
    with ThreadPoolExecutor(len(theirs) + given.customers) as pool:
        shops = [pool.submit(shop_until, ended, others[i % 2], product)
                 for i in range(given.customers)]
        time.sleep(random.uniform(1, 2))  # they are under way; at any moment between two renewals
        victim.kill()
        killed = time.monotonic()
        waits = [pool.submit(cancel, others[i % 2], order, users[i], killed)
                 for i, order in enumerate(theirs)]
        times = [wait.result() for wait in waits]
        ended.set()
        for each in shops:
            each.result()
    victim.launch()
    cluster.await_shared(limit=120)
    return times


def cancel(node, order, user, since):
    """Asks until it is done, as a client would that is told to come again."""
    until(lambda: node.client().post(f"/orders/{order}/cancel", user=user),
          lambda answer: answer.status == 200, limit=60, pause=0.05)
    return time.monotonic() - since


def shop_until(ended, node, product):
    """Orders and pays, one order after the other."""
    while not ended.is_set():
        placed = node.client().place(product)
        if placed.status == 201:
            node.client().pay(placed.json["id"])


if __name__ == "__main__":
    shop.play(main)
