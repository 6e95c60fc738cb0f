"""Three nodes share the orders: each answers for all, whoever dies is replaced within seconds, and
who leaves in order is not missed."""

import itertools
import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import audit
import balanced
import simulation
from client import until
from cluster import cluster_of
from shoppers import Buyer


@pytest.fixture(scope="module")
def cluster(instance, tmp_path_factory):
    with cluster_of(3, instance, tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture(autouse=True)
def whole(cluster):
    """Every test begins with all three, whatever the last one left."""
    for node in cluster:
        if node.process is None:
            node.launch()
    cluster.await_shared()


def claims(cluster):
    """How often a node has taken shards that nobody owned: never what another has handed over."""
    return sum(node.log().count("shards.claimed") for node in cluster)


def test_any_node_answers_for_any_order(cluster):
    product = cluster[0].new_product()
    for node in cluster:
        until(lambda n=node: n.client().place(product).code != "unknown_product")
    turn = itertools.cycle(cluster)
    for _ in range(9):
        order = next(turn).client().new_order(product)
        assert next(turn).client().pay(order).json["success"]
        next(turn).client().await_order(order, "CONFIRMED")
        seen = {node.client().get(f"/orders/{order}").headers["ETag"] for node in cluster}
        assert len(seen) == 1
        assert next(turn).client().patch(f"/orders/{order}/dispatch", {}).status == 200
        assert next(turn).client().patch(f"/orders/{order}/deliver", {}).status == 200
        assert {node.client().order(order)["status"] for node in cluster} == {"COMPLETED"}
    audit.await_sound(cluster[0])


def test_an_order_is_born_at_the_node_that_its_customer_came_to(cluster):
    product = cluster[0].new_product()
    for node in cluster:
        until(lambda n=node: n.client().place(product).code != "unknown_product")
        for _ in range(10):  # by chance: one in 59,000
            assert cluster.owner_of(node.client().new_order(product)) is node


def test_a_client_that_waits_at_one_node_hears_of_a_change_at_another(cluster):
    product = cluster[0].new_product()
    order = cluster[0].client().new_order(product)
    etag = cluster[1].client().get(f"/orders/{order}").headers["ETag"]
    with ThreadPoolExecutor(3) as pool:
        waits = [pool.submit(node.client().get, f"/orders/{order}", headers=
                             {"Prefer": "wait=20", "If-None-Match": etag}) for node in cluster]
        time.sleep(0.5)  # they wait by then; if not, they are answered all the same
        began = time.monotonic()
        assert cluster[2].client().pay(order).json["success"]
        for each in waits:
            assert each.result().status == 200
        assert time.monotonic() - began < 10  # and not at the end of their wait


def test_a_killed_node_is_replaced(cluster):
    product = cluster[0].new_product()
    for node in cluster:
        until(lambda n=node: n.client().place(product).code != "unknown_product")
    theirs = [cluster[2].client().new_order(product) for _ in range(10)]
    orders = theirs + [cluster[1].client().new_order(product) for _ in range(20)]
    cluster[2].kill()
    began = time.monotonic()
    for order in theirs:  # they wait for the next owner rather than fail
        until(lambda o=order: cluster[0].client().pay(o), lambda answer: answer.status == 200)
    assert time.monotonic() - began < 20
    cluster[2].launch()
    cluster.await_shared()
    for order in orders:
        until(lambda o=order: cluster[2].client().pay(o), lambda answer: answer.status == 200)
        cluster[2].client().await_order(order, "CONFIRMED")
    audit.await_sound(cluster[0])


def test_a_node_that_leaves_and_comes_back_is_not_missed(cluster):
    """Customers of the other two nodes get no 5xx meanwhile, also for orders that it owned."""
    product = cluster[0].new_product()
    for node in cluster:
        until(lambda n=node: n.client().place(product).code != "unknown_product")
    theirs = [cluster[2].client().new_order(product) for _ in range(80)]
    ended = threading.Event()

    def shop(number):
        born_there = theirs[number::4]
        buyer = Buyer(cluster[number % 2].client(), product, number)
        done = []
        while not ended.is_set() or not done:
            placed = buyer.client.place(product)
            assert placed.status == 201, placed
            for order in [placed.json["id"], *(born_there.pop() for _ in born_there[:1])]:
                paid = buyer.client.pay(order)
                assert paid.status == 200, paid
                done.append(order)
        return done

    before = claims(cluster)
    with ThreadPoolExecutor(4) as pool:
        shops = [pool.submit(shop, i) for i in range(4)]
        assert cluster[2].stop()[0] == 0
        cluster[2].launch()
        cluster.await_shared()
        ended.set()
        orders = [order for each in shops for order in each.result()]
    assert claims(cluster) == before
    for order in orders:
        cluster[2].client().await_order(order, "CONFIRMED")
    audit.await_sound(cluster[0])


def await_verdict(run, folder):
    """That every promise held. Returns what each node got."""
    code, said = simulation.end(run)
    assert code == 0, said
    assert simulation.counts(said)[0] > 20, said
    report = json.loads((folder / "report.json").read_text())
    assert ",".join(node["url"] for node in report["nodes"]) == report["run"]["target"]
    assert all(node["requests"] > 50 for node in report["nodes"]), report["nodes"]
    return report["nodes"]


def test_the_simulations_customers_find_one_shop_at_all_nodes(cluster, tmp_path):
    run = simulation.start(cluster.all, "smoke", "--duration", "4", "--seed", "1",
                           "--report", str(tmp_path))
    nodes = await_verdict(run, tmp_path)
    assert [node["outMs"] for node in nodes] == [0, 0, 0]


def test_the_simulations_customers_leave_a_node_that_ends(cluster, tmp_path):
    run = simulation.start(cluster.all, "smoke", "--duration", "6", "--seed", "2",
                           "--report", str(tmp_path))
    user = f"sim-{simulation.run_name(run)}-%"
    until(lambda: cluster[0].db.one("orders", "select count(*) from orders where user_id like %s",
                                    (user,)) > 10)
    assert cluster[2].stop()[0] == 0
    cluster[2].launch()
    nodes = await_verdict(run, tmp_path)
    assert nodes[0]["outMs"] == nodes[1]["outMs"] == 0 < nodes[2]["outMs"], nodes


@pytest.mark.long
def test_a_frozen_node_writes_nothing_and_comes_back(cluster):
    product = cluster[0].new_product()
    for node in cluster:
        until(lambda n=node: n.client().place(product).code != "unknown_product")
    old = next(m["incarnation"] for m in cluster[0].view()["members"]
               if m["name"] == cluster[2].name)
    buyers = [Buyer(cluster[i % 2].client(), product, i) for i in range(60)]
    for buyer in buyers[:20]:  # theirs are the frozen one's
        assert cluster[2].client().place(product, key=buyer.key, user=buyer.user).status == 201
    with ThreadPoolExecutor(8) as pool:
        going = [pool.submit(buyer.go) for buyer in buyers]
        cluster[2].process.send_signal(signal.SIGSTOP)
        until(lambda: cluster[2].name not in cluster[0].shards(), limit=30)
        cluster[2].process.send_signal(signal.SIGCONT)
        for each in going:
            each.result()
        list(pool.map(lambda buyer: until(buyer.is_done, limit=40, pause=0.3), buyers))
    cluster.await_shared()
    assert next(m["incarnation"] for m in cluster[0].view()["members"]
                if m["name"] == cluster[2].name) > old
    for buyer in buyers:
        cluster[2].client().await_order(buyer.order, "CONFIRMED", user=buyer.user)
    audit.await_sound(cluster[0])


@pytest.mark.long
def test_a_rolling_restart_fails_no_request(cluster):
    product = cluster[0].new_product(stock=100_000)
    until(lambda: cluster[1].client().place(product).code != "unknown_product")
    until(lambda: cluster[2].client().place(product).code != "unknown_product")
    before = claims(cluster)
    with balanced.customers(cluster, product, 6, pause=0.05) as outcomes:
        for node in cluster:
            assert node.stop()[0] == 0
            node.launch()
            cluster.await_shared()
    assert not outcomes.failed(), outcomes.counts
    assert claims(cluster) == before
    assert len(outcomes.orders) > 100, outcomes.counts
    for order in outcomes.orders:
        cluster[0].client().await_order(order, "CONFIRMED")
    audit.await_sound(cluster[0], limit=120)
