"""Bad input over real HTTP: each gets its precise answer, and no database changes."""

import http.client
import json

import pytest

import audit
from client import HOST, order_of

ADDRESS = {"name": "Ada"}
CHUNK = b"4\r\nWiki\r\n0\r\n\r\n"


def order(**changes):
    body = {"items": [{"productId": "PRODUCT", "quantity": 1}], "shippingAddress": ADDRESS, **changes}
    return json.dumps(body)


def line(**changes):
    return order(items=[{"productId": "PRODUCT", "quantity": 1, **changes}])


def nested(depth):
    """A body whose deepest value stands on the level `depth`; the body is the first."""
    inner = 1
    for _ in range(depth - 2):
        inner = [inner]
    return order(shippingAddress={"deep": inner})


PRODUCT = {"name": "x", "description": "", "price": 1, "stock": 1, "category": "x"}

# name: (method, path, body, headers, status, code, pointer of the complaint)
CASES = {
    "no body": ("POST", "/orders", None, {}, 400, None, None),
    "empty body": ("POST", "/orders", "", {}, 400, None, None),
    "no JSON": ("POST", "/orders", "{", {}, 400, None, "#"),
    "an array": ("POST", "/orders", "[]", {}, 400, None, "#"),
    "trailing text": ("POST", "/orders", order() + "x", {}, 400, None, "#"),
    "no items": ("POST", "/orders", '{"shippingAddress":{"a":1}}', {}, 400, None, "#/items"),
    "empty items": ("POST", "/orders", order(items=[]), {}, 400, None, "#/items"),
    "items no array": ("POST", "/orders", order(items={}), {}, 400, None, "#/items"),
    "101 lines": ("POST", "/orders", order(items=[{"productId": "PRODUCT", "quantity": 1}] * 101),
                  {}, 400, None, "#/items"),
    "a line that is no object": ("POST", "/orders", order(items=[7]), {}, 400, None, "#/items/0"),
    "quantity 0": ("POST", "/orders", line(quantity=0), {}, 400, None, "#/items/0/quantity"),
    "quantity -1": ("POST", "/orders", line(quantity=-1), {}, 400, None, "#/items/0/quantity"),
    "quantity 10001": ("POST", "/orders", line(quantity=10001), {}, 400, None, "#/items/0/quantity"),
    "quantity 1.5": ("POST", "/orders", line(quantity=1.5), {}, 400, None, "#/items/0/quantity"),
    "quantity a text": ("POST", "/orders", line(quantity="1"), {}, 400, None, "#/items/0/quantity"),
    "quantity 10001 after merging": (
        "POST", "/orders", order(items=[{"productId": "PRODUCT", "quantity": 10000},
                                        {"productId": "PRODUCT", "quantity": 1}]),
        {}, 400, None, "#/items/1/quantity"),
    "no product": ("POST", "/orders", order(items=[{"quantity": 1}]), {}, 400, None,
                   "#/items/0/productId"),
    "product with a bad id": ("POST", "/orders", line(productId="a b"), {}, 400, None,
                              "#/items/0/productId"),
    "product id of 65": ("POST", "/orders", line(productId="a" * 65), {}, 400, None,
                         "#/items/0/productId"),
    "unknown product": ("POST", "/orders", line(productId="nothing"), {}, 404, "unknown_product", None),
    "another price": ("POST", "/orders", line(price=1.25), {}, 409, "price_changed", None),
    "a price of three decimals": ("POST", "/orders", line(price=12.505), {}, 400, None,
                                  "#/items/0/price"),
    "more than there is": ("POST", "/orders", line(quantity=5000), {}, 409, "out_of_stock", None),
    "no address": ("POST", "/orders", '{"items":[{"productId":"PRODUCT","quantity":1}]}', {}, 400,
                   None, "#/shippingAddress"),
    "empty address": ("POST", "/orders", order(shippingAddress={}), {}, 400, None,
                      "#/shippingAddress"),
    "address over 4 KiB": ("POST", "/orders", order(shippingAddress={"a": "x" * 4096}), {}, 400, None,
                           "#/shippingAddress"),
    "depth 17": ("POST", "/orders", nested(17), {}, 400, None, None),
    "a doubled key": ("POST", "/orders", '{"items":[],"items":[]}', {}, 400, None, "#/items"),
    "a NUL": ("POST", "/orders", order(shippingAddress={"a": "\0"}), {}, 400, None, None),
    "a lone surrogate": ("POST", "/orders", order(shippingAddress={"a": "X"}).replace("X", "\\ud800"),
                         {}, 400, None, None),
    "broken UTF-8": ("POST", "/orders", order(shippingAddress={"a": "X"}).encode().replace(b"X", b"\xff"),
                     {}, 400, None, None),
    "a number beyond doubles": ("POST", "/orders",
                                order(shippingAddress={"a": "X"}).replace('"X"', "1e999"),
                                {}, 400, None, None),
    "a body over 64 KiB": ("POST", "/orders", order() + " " * 65536, {}, 413, None, None),
    "a bad user": ("POST", "/orders", order(), {"X-User-Id": "a b"}, 400, None, None),
    "no JSON type": ("POST", "/orders", order(), {"Content-Type": "text/plain"}, 415, None, None),
    "no type": ("POST", "/orders", order(), {"Content-Type": None}, 415, None, None),
    "encoded": ("POST", "/orders", order(), {"Content-Encoding": "gzip"}, 415, None, None),
    "an empty key": ("POST", "/orders", order(), {"Idempotency-Key": ""}, 400, None, None),
    "a key of 256": ("POST", "/orders", order(), {"Idempotency-Key": "k" * 256}, 400, None, None),
    "a key with a blank": ("POST", "/orders", order(), {"Idempotency-Key": "a b"}, 400, None, None),
    "another host": ("POST", "/orders", order(), {"Host": "example.org"}, 421, None, None),
    "unknown order": ("GET", "/orders/c123", None, {}, 404, "not_found", None),
    "impossible order": ("GET", "/orders/a%20b", None, {}, 404, "not_found", None),
    "a path with a NUL": ("GET", "/orders/%00", None, {}, 400, None, None),
    "cancel of an unknown order": ("POST", "/orders/c123/cancel", None, {}, 404, "not_found", None),
    "pay of an unknown order": ("POST", "/orders/c123/process-payment", None, {}, 404, "not_found", None),
    "dispatch of an unknown order": ("PATCH", "/orders/c123/dispatch", None, {}, 404, "not_found", None),
    "deliver of an unknown order": ("PATCH", "/orders/c123/deliver", None, {}, 404, "not_found", None),
    "a card with letters": ("POST", "/orders/ORDER/process-payment", '{"cardNumber":"4242x"}', {}, 400,
                            None, "#/cardNumber"),
    "a card that is a number": ("POST", "/orders/ORDER/process-payment",
                                '{"cardNumber":4242424242424242}', {}, 400, None, "#/cardNumber"),
    "a payment that is an array": ("POST", "/orders/ORDER/process-payment", "[1]", {}, 400, None, "#"),
    "pay of another's": ("POST", "/orders/ORDER/process-payment", None, {"X-User-Id": "eve"}, 404,
                         "not_found", None),
    "cancel of another's": ("POST", "/orders/ORDER/cancel", None, {"X-User-Id": "eve"}, 404,
                            "not_found", None),
    "a courier that is a number": ("PATCH", "/orders/ORDER/dispatch", '{"courier":1}', {}, 400, None,
                                   "#/courier"),
    "unknown notification": ("PUT", "/notifications/c123/read", None, {}, 404, "not_found", None),
    "limit 0": ("GET", "/products?limit=0", None, {}, 400, None, None),
    "limit 1001": ("GET", "/products?limit=1001", None, {}, 400, None, None),
    "limit in letters": ("GET", "/notifications?limit=ten", None, {}, 400, None, None),
    "a bad price filter": ("GET", "/products?minPrice=cheap", None, {}, 400, None, None),
    "a bad unread": ("GET", "/notifications?unread=perhaps", None, {}, 400, None, None),
    **{f"product {name}": ("POST", "/inventory", json.dumps({**PRODUCT, **changes}), {}, 400, None,
                           pointer) for name, changes, pointer in (
        ("blank name", {"name": " "}, "#/name"), ("name a number", {"name": 1}, "#/name"),
        ("long name", {"name": "x" * 201}, "#/name"), ("no category", {"category": ""}, "#/category"),
        ("price below zero", {"price": -0.01}, "#/price"), ("price of mills", {"price": 1.234}, "#/price"),
        ("price a text", {"price": "1"}, "#/price"), ("price beyond all", {"price": 1e300}, "#/price"),
        ("stock below zero", {"stock": -1}, "#/stock"), ("half a piece", {"stock": 0.5}, "#/stock"),
        ("stock beyond all", {"stock": 10**10}, "#/stock"), ("no stock", {"stock": None}, "#/stock"),
        ("bad id", {"id": "a/b"}, "#/id"), ("long id", {"id": "a" * 65}, "#/id"),
        ("description no text", {"description": {}}, "#/description"),
        ("image no text", {"imageUrl": 1}, "#/imageUrl"))},
    "a product whose id is taken": ("POST", "/inventory", json.dumps({**PRODUCT, "id": "PRODUCT"}), {},
                                    409, "id_taken", None),
    "a product without a body": ("POST", "/inventory", None, {}, 400, None, None),
    "an edit of nothing": ("PUT", "/inventory/PRODUCT", "{}", {}, 400, None, None),
    "an edit of an unknown product": ("PUT", "/inventory/nothing", '{"stock":1}', {}, 404, "not_found",
                                      None),
    "an edit of a bad id": ("PUT", "/inventory/a%20b", '{"stock":1}', {}, 404, "not_found", None),
    "active no switch": ("PUT", "/inventory/PRODUCT", '{"active":"yes"}', {}, 400, None, "#/active"),
    "an edit of another version": ("PUT", "/inventory/PRODUCT", '{"stock":1}', {"If-Match": '"999"'},
                                   412, "precondition_failed", None),
    "an edit of no version": ("PUT", "/inventory/PRODUCT", '{"stock":1}', {"If-Match": "999"},
                              412, "precondition_failed", None),
    **{f"list {query}": ("GET", f"/{query}", None, {}, 400, None, f"?{name}") for query, name in (
        ("orders?limit=0", "limit"), ("orders?limit=1001", "limit"), ("orders?limit=", "limit"),
        ("orders?limit=ten", "limit"), ("orders?limit=5.0", "limit"), ("orders?limit=-1", "limit"),
        ("orders?status=PAID", "status"), ("orders?status=created", "status"),
        ("orders?cursor=", "cursor"), ("orders?cursor=%FF%FE", "cursor"),
        ("orders?cursor=AAAA", "cursor"), ("orders?scope=all&userId=a%20b", "userId"),
        ("notifications?limit=1001", "limit"), ("notifications?cursor=MQ", "cursor"),
        ("products?limit=1001", "limit"), ("products?cursor=c1", "cursor"),
        ("products?sort=stock", "sort"), ("products?sort=", "sort"), ("products?sort=--name", "sort"),
        ("products?search=%FF", "search"), ("inventory?sort=id", "sort"),
        ("inventory?cursor=Zg%3D%3D", "cursor"), ("inventory?limit=0", "limit"))},
    "unknown product page": ("GET", "/products/nothing", None, {}, 404, "not_found", None),
    "no such path": ("GET", "/nothing", None, {}, 404, None, None),
    "method of no route": ("DELETE", "/orders/ORDER", None, {}, 405, None, None),
    "a path over the limit": ("GET", "/" + "a" * 20000, None, {}, 414, None, None),
    "a header over the limit": ("GET", "/products", None, {"X-Long": "a" * 100000}, 431, None, None),
}


@pytest.fixture(scope="module")
def bought(instance):
    """A product with 1,000 pieces and an order of one, at rest."""
    instance.running()
    product = instance.new_product(stock=1000, cents=1250)
    made = instance.client().new_order(product)
    audit.await_sound(instance)
    return product, made


@pytest.mark.parametrize("name", CASES)
def test_refused(troupe, bought, name):
    method, path, body, headers, status, code, pointer = CASES[name]
    product, made = bought
    if isinstance(body, str):
        body = body.encode()
    if body is not None:
        body = body.replace(b"PRODUCT", product.encode())
    before = troupe.db.counts()
    answer = troupe.client().ask(method, path.replace("ORDER", made).replace("PRODUCT", product), raw=body, headers=headers)
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json
    assert told["status"] == status and told["title"] and told["code"]
    assert told["error"] == told["title"]
    assert code is None or told["code"] == code, told
    if pointer is not None:
        assert pointer in [error["pointer"] for error in told["errors"]], told
    if status == 405:
        assert answer.headers["Allow"]
    assert troupe.db.counts() == before
    assert troupe.client().order(made)["version"] == 1


def raw_exchange(port, text):
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    connection.connect()
    try:
        connection.sock.sendall(text)
        got = http.client.HTTPResponse(connection.sock)
        got.begin()
        status = got.status
        got.read()
        return status, connection.sock.recv(1) == b""
    finally:
        connection.close()


@pytest.mark.parametrize("framing", [
    b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nWiki",
    b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNK,
    b"Content-Length: -1\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
])
def test_framing_that_could_be_read_in_two_ways_ends_the_connection(troupe, framing):
    head = b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    before = troupe.db.counts()
    assert raw_exchange(troupe.ports["gateway"], head + framing) == (400, True)
    assert troupe.db.counts() == before


def test_the_limits_themselves_are_accepted(troupe, client):
    product = troupe.new_product(stock=1_000_000)
    item = {"productId": product, "quantity": 100}
    accepted = [
        {"items": [item] * 100, "shippingAddress": ADDRESS},
        {"items": [{"product": {"id": product, "price": 12.5}, "quantity": 1.0}],
         "shippingAddress": {"a": "x" * (4096 - len('{"a":""}'))}},
        json.loads(nested(16).replace("PRODUCT", product)),
    ]
    for body in accepted:
        answer = client.post("/orders", body)
        assert answer.status == 201, answer
    assert client.post("/orders", accepted[0]).json["items"][0]["quantity"] == 10000
    full = json.dumps(order_of((product, 1))).encode()
    padded = client.post("/orders", raw=full + b" " * (65536 - len(full)))
    assert padded.status == 201, padded
    longest_key = client.place(product, key="k" * 255)
    assert longest_key.status == 201, longest_key
    audit.await_sound(troupe)
