"""Several nodes on the same databases and Kafka."""

import contextlib

from client import until
from instance import Troupe, free_ports

SHARDS = 64


class Node(Troupe):
    def __init__(self, binary, databases, brokers, folder, number):
        folder.mkdir(exist_ok=True)
        super().__init__(binary, databases, brokers, folder)
        self.name = f"member-{number}"
        self.products_are = self.name
        self.base.update({
            "TROUPE_NODE_NAME": self.name,
            "TROUPE_CLUSTER_BIND": "127.0.0.1",
            "TROUPE_CLUSTER_PORT": str(free_ports(1)[0]),
        })

    def view(self):
        """GET /cluster; nothing while it cannot be had."""
        try:
            answer = self.client().get("/cluster")
        except OSError:
            return None
        return answer.json if answer.status == 200 else None

    def shards(self):
        """How many each node owns, by name, as this one sees it."""
        seen = self.view()
        return {m["name"]: m["shards"] for m in seen["members"]} if seen else {}


class Cluster:
    def __init__(self, nodes):
        self.all = nodes

    def __iter__(self):
        return iter(self.all)

    def __getitem__(self, i):
        return self.all[i]

    def running(self):
        return [node for node in self.all if node.process is not None]

    def is_shared(self):
        """Every running node sees the same: each of them owns some of all shards."""
        names = {node.name for node in self.running()}
        seen = [node.shards() for node in self.running()]
        return all(shards == seen[0] for shards in seen) and set(seen[0]) == names \
            and all(seen[0].values()) and sum(seen[0].values()) == SHARDS

    def await_shared(self, limit=60):
        until(self.is_shared, limit=limit, pause=0.2)
        for node in self.running():
            until(node.is_ready)

    def owner_of(self, order):
        """The node that has the order's shard."""
        seen = self.running()[0].view()
        (shard,) = self.all[0].db.run("orders", "select shard from orders where id = %s", (order,))
        owner = seen["shards"][shard[0]]["owner"]
        (name,) = [m["name"] for m in seen["members"] if m["incarnation"] == owner]
        return next(node for node in self.all if node.name == name)


@contextlib.contextmanager
def cluster_of(count, instance, folder):
    """Nodes beside `instance`, which must not run meanwhile; they write into its spool."""
    if instance.process is not None:
        assert instance.stop()[0] == 0
    nodes = [Node(instance.binary, instance.db, instance.base["TROUPE_KAFKA_BROKERS"],
                  folder / f"node-{i}", i) for i in range(count)]
    made = Cluster(nodes)
    try:
        for node in nodes:
            node.base["TROUPE_EMAILING_SPOOL"] = str(instance.spool)
            node.spool = instance.spool
            node.launch()
        made.await_shared()
        yield made
        for node in made.running():
            assert node.stop()[0] == 0
    finally:
        for node in nodes:
            node.end()
