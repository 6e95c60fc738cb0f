"""The owner's products over real HTTP: made, changed, taken out of the catalogue."""

import concurrent.futures

import audit
from client import order_of, until


def made(client, **changes):
    body = {"name": "Owner's lamp", "description": "It glows.", "price": 12.5, "stock": 20,
            "category": "made", **changes}
    answer = client.post("/inventory", body)
    assert answer.status == 201, answer
    return answer


def put(client, product, body, version=None):
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    return client.ask("PUT", f"/inventory/{product}", body, headers=headers)


def test_a_product_is_made_sold_and_taken_out(troupe, client):
    answer = made(client)
    product = answer.json["id"]
    assert answer.headers["Location"] == f"/products/{product}"
    assert answer.json["imageUrl"] == "" and answer.json["version"] == 1
    # At once: no wait for the catalogue's next look.
    order = client.new_order(product, 3)
    until(lambda: troupe.stock_of(product), lambda units: units == (17, 3, 0))
    out = put(client, product, {"active": False})
    assert out.status == 200 and out.json["active"] is False
    assert client.place(product).code == "unknown_product"
    assert client.get(f"/products/{product}").status == 404
    assert product not in [p["id"] for p in client.get("/products?category=made").json]
    assert product in [p["id"] for p in client.get("/inventory?category=made").json]
    client.pay(order)
    client.await_order(order, "CONFIRMED")
    assert troupe.stock_of(product) == (17, 0, 3)
    assert put(client, product, {"active": True}).status == 200
    assert client.place(product).status == 201
    audit.await_sound(troupe)


def test_a_new_price_counts_for_the_next_order(troupe, client):
    product = made(troupe.client("inventory")).json["id"]
    for cents in (1300, 999, 1550):
        assert put(client, product, {"price": cents / 100}).status == 200
        body = order_of((product, 2))
        body["items"][0]["price"] = 12.34
        refused = client.post("/orders", body)
        assert refused.code == "price_changed" and refused.json["prices"][0]["price"] == cents / 100
        assert client.place(product, 2).json["totalAmount"] == 2 * cents / 100
    audit.await_sound(troupe)


def test_stock_is_what_can_still_be_sold(troupe, client):
    product = made(client, stock=5).json["id"]
    client.new_order(product, 4)
    until(lambda: troupe.stock_of(product), lambda units: units == (1, 4, 0))
    row = put(client, product, {"stock": 50}).json
    assert (row["stock"], row["reserved"], row["sold"]) == (50, 4, 0)
    assert client.place(product, 50).status == 201
    assert put(client, product, {"stock": 0}).status == 200
    assert client.place(product).code == "out_of_stock"
    initial, adjusted = troupe.db.one(
        "inventory", "select initial, adjusted from products where id = %s", (product,))
    rows = troupe.db.run("inventory", "select kind, (lines -> 0 ->> 'quantity')::int"
                         " from stock_ledger where order_id is null"
                         " and lines -> 0 ->> 'productId' = %s order by position", (product,))
    assert rows[:2] == [("create", initial), ("adjust", 49)]
    assert sum(quantity for kind, quantity in rows if kind == "adjust") == adjusted
    told = client.get(f"/inventory/{product}/ledger").json
    assert [(e["kind"], e["quantity"]) for e in reversed(told["entries"])] == rows
    assert (told["initial"], told["adjusted"]) == (initial, adjusted)
    assert initial + adjusted == told["stock"] + told["reserved"] + told["sold"]
    audit.await_sound(troupe)


def test_an_edit_after_an_idle_sessions_end_is_made(troupe, client):
    product = made(client).json["id"]
    for version in range(1, 6):
        troupe.db.run("inventory", "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                      " where datname = current_database() and pid <> pg_backend_pid()")
        answer = put(client, product, {"stock": 20 + version}, version)
        assert answer.status == 200 and answer.json["version"] == version + 1, answer


def test_of_two_edits_of_one_version_one_wins(client):
    product = made(client).json["id"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: put(client, product, {"stock": 100 + n}, version=1),
                                range(8)))
    assert sorted(a.status for a in answers) == [200] + 7 * [412]
    winner, = [a for a in answers if a.status == 200]
    now, = [p for p in client.get("/inventory?category=made").json if p["id"] == product]
    assert now["version"] == 2 and now["stock"] == winner.json["stock"]
    assert winner.headers["ETag"] == '"2"'


def test_an_id_is_taken_once_and_a_key_makes_one_product(troupe, client):
    body = {"id": "owners-own", "name": "x", "description": "", "price": 1, "stock": 1,
            "category": "made"}
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: client.post("/inventory", body), range(6)))
    assert sorted(a.status for a in answers) == [201] + 5 * [409]
    del body["id"]
    ask = lambda _: client.post("/inventory", body, headers={"Idempotency-Key": "one"})
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(ask, range(6)))
    assert {a.status for a in answers} == {201}
    assert len({a.body for a in answers}) == 1
    assert sum("Idempotent-Replayed" in a.headers for a in answers) == 5
    body["stock"] = 2
    assert ask(0).status == 422
