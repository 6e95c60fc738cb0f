"""Several nodes of one cluster for a benchmark, on the private PostgreSQL and Kafka of a prepared Troupe."""

import contextlib

import shop
from client import until
from cluster import Cluster, Node
from instance import DEADLINES


@contextlib.contextmanager
def nodes(troupe, count, limit=120):
    """That share the shards; `troupe` itself does not run."""
    made = Cluster([Node(troupe.binary, troupe.db, troupe.base["TROUPE_KAFKA_BROKERS"],
                         troupe.folder / f"node-{i}", i) for i in range(count)])
    with contextlib.ExitStack() as ends:
        for node in made:
            for name in DEADLINES:
                del node.base[name]
            node.base["TROUPE_EMAILING_SPOOL"] = str(troupe.spool)
            ends.callback(shop.end, node)
            node.launch()
        made.await_shared(limit)
        yield made


def product_for(cluster, stock=1_000_000):
    """A product that every node knows."""
    product = cluster[0].new_product(stock=stock)
    for node in cluster:
        until(lambda n=node: n.client().place(product).code != "unknown_product")
    return product
