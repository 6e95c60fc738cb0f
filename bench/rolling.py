#!/usr/bin/python3 -B
"""Three nodes restarted one after the other under load: how many requests fail. Customers go through
a balancer that leaves a node out once its readiness says so or a connection is refused."""

import time

import several
import shop
from balanced import customers


def main():
    parser = shop.flags(__doc__)
    parser.add_argument("--customers", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=1, help="of all three nodes")
    given = parser.parse_args()
    with shop.prepared(given.binary) as troupe, several.nodes(troupe, 3) as cluster:
        product = several.product_for(cluster)
        with customers(cluster, product, given.customers) as outcomes:
            began = time.monotonic()
            for node in list(cluster) * given.rounds:
                restart(cluster, node)
            seconds = time.monotonic() - began
    shop.say(f"{3 * given.rounds} restarts within {seconds:.0f} s, {outcomes.requests()} requests,"
             f" {sum(outcomes.failed().values())} failed {dict(outcomes.counts)},"
             f" the slowest took {outcomes.slowest:.1f} s")


def restart(cluster, node):
    code, seconds = node.stop()
    assert code == 0, f"{node.name} ended with {code}"
    node.launch()
    cluster.await_shared(limit=120)
    shop.say(f"{node.name} ended within {seconds:.1f} s, and is back")


if __name__ == "__main__":
    shop.play(main)
