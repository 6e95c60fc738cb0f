#!/usr/bin/python3 -B
"""Lifecycles per second and their cost with one, two and three nodes under the same closed loop, which
is spread over them. Two cores bound all of them here: what a lifecycle costs is what counts."""

import contextlib
import time

import closed_loop
import several
import shop
from client import until


def main():
    parser = closed_loop.flags(__doc__, seconds=30)
    parser.set_defaults(warm_up=25)  # until no more is taken in than is completed
    parser.add_argument("--nodes", type=int, nargs="+", default=(1, 2, 3))
    given = parser.parse_args()
    costs = {}
    for count in given.nodes:
        with shop.prepared(given.binary) as troupe, several.nodes(troupe, count) as cluster:
            rate, cost = measure(troupe, cluster, given)
        costs[count] = cost
        shop.say(f"{count} nodes: {rate:.0f} lifecycles/s; CPU ms a lifecycle:"
                 f" nodes {cost['nodes'] * 1e3:.2f}, PostgreSQL {cost['PostgreSQL'] * 1e3:.2f},"
                 f" Kafka {cost['Kafka'] * 1e3:.2f}")
    first, last = costs[given.nodes[0]], costs[given.nodes[-1]]
    shop.say(f"cost of the nodes, {given.nodes[-1]} ÷ {given.nodes[0]}:"
             f" {last['nodes'] / first['nodes']:.2f}; with PostgreSQL:"
             f" {(last['nodes'] + last['PostgreSQL']) / (first['nodes'] + first['PostgreSQL']):.2f}")


def measure(troupe, cluster, given):
    """Lifecycles per second, and the CPU seconds of each by part, once it runs warm."""
    with contextlib.ExitStack() as loads:
        for node in cluster:
            loads.enter_context(closed_loop.Load(node, given.customers // len(cluster.all)))
        until(lambda: troupe.db.one("orders", closed_loop.DONE) > 0, limit=120)
        time.sleep(given.warm_up)
        before, began = look(troupe, cluster), time.monotonic()
        time.sleep(given.seconds)
        used = closed_loop.since(before, look(troupe, cluster))
        seconds = time.monotonic() - began
    assert used["orders"], "no order was completed"
    return used["orders"] / seconds, {part: used[part] / used["orders"]
                                      for part in ("nodes", "PostgreSQL", "Kafka")}


def look(troupe, cluster):
    """Completed orders, and the CPU seconds used so far."""
    servers = closed_loop.cpu(troupe)
    return {"orders": troupe.db.one("orders", closed_loop.DONE),
            "nodes": sum(closed_loop.of_process(node.process) for node in cluster),
            "PostgreSQL": servers["PostgreSQL"], "Kafka": servers["Kafka"]}


if __name__ == "__main__":
    shop.play(main)
