#!/usr/bin/python3 -B
"""Lifecycles per second and their cost with one, two and three nodes under the same closed loop: as many
customers, each of whom stays with a node, and operators. Two cores bound all of them here: what a
lifecycle costs is what counts."""

import time
from statistics import median

import closed_loop
import several
import shop
from client import until


def main():
    parser = closed_loop.flags(__doc__, seconds=30)
    parser.set_defaults(warm_up=25)  # until no more is taken in than is completed
    parser.add_argument("--nodes", type=int, nargs="+", default=(1, 2, 3))
    parser.add_argument("--rounds", type=int, default=3, help="of all numbers of nodes, in turns")
    given = parser.parse_args()
    rounds = [{count: cost_of(count, given) for count in given.nodes} for _ in range(given.rounds)]
    for what, parts in (("the nodes", ("nodes",)), ("nodes and PostgreSQL", ("nodes", "PostgreSQL")),
                        ("all three", ("nodes", "PostgreSQL", "Kafka"))):
        ratios = [sum(costs[given.nodes[-1]][part] for part in parts)
                  / sum(costs[given.nodes[0]][part] for part in parts) for costs in rounds]
        shop.say(f"cost of {what}, {given.nodes[-1]} ÷ {given.nodes[0]}: {median(ratios):.2f}"
                 f" (median of {len(ratios)}, {min(ratios):.2f} to {max(ratios):.2f})")


def cost_of(count, given):
    """The CPU seconds of a lifecycle with so many nodes, by part."""
    with shop.prepared(given.binary) as troupe, several.nodes(troupe, count) as cluster:
        rate, cost = measure(troupe, cluster, given)
    costs = ", ".join(f"{part} {seconds * 1e3:.2f}" for part, seconds in cost.items())
    shop.say(f"{count} nodes: {rate:.0f} lifecycles/s; CPU ms a lifecycle: {costs}")
    return cost


def measure(troupe, cluster, given):
    """Lifecycles per second, and the CPU seconds of each by part, once it runs warm."""
    with closed_loop.Load(list(cluster), given.customers):
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
