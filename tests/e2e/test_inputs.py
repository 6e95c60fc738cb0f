"""Bad input over real HTTP: each gets its precise answer, and no database changes."""

import http.client
import json

import pytest

import audit
import described
from bad_inputs import ADDRESS, CASES, USUAL, nested
from client import HOST, Answer, order_of
from streams import Waiting

CHUNK = b"4\r\nWiki\r\n0\r\n\r\n"

# What clients wish with these is ignored when it is malformed.
NO_WAITS = ("wait", "wait=", "wait=x", "wait=-1", "wait=1.5", 'wait="1', "waits=30", "wait 30", ";;,,=")
NO_EVENTS = ("x", "", "-1", "1.0", "99999999999999999999", "0x1")


@pytest.fixture(scope="module")
def bought(instance):
    """A product with 1,000 pieces, a dear one, and an order of one piece, at rest."""
    instance.running()
    product = instance.new_product(stock=1000, cents=1250)
    dear = instance.new_product(stock=1_000_000, cents=10**14)
    made = instance.client().new_order(product)
    audit.await_sound(instance)
    return {"PRODUCT": product, "DEAR": dear, "ORDER": made}


class Rows:
    """All rows of all databases. What is seen after a case is what there was before the next."""

    def __init__(self, db):
        self.db = db
        self.seen = db.digest_at_rest()

    def must_be_unchanged(self):
        before, self.seen = self.seen, self.db.digest()
        assert self.seen == before


@pytest.fixture(scope="module")
def rows(instance, bought):
    return Rows(instance.db)


def filled(text, names):
    for name, value in names.items():
        text = text.replace(name.encode() if isinstance(text, bytes) else name,
                            value.encode() if isinstance(text, bytes) else value)
    return text


def must_be_told(answer, status, code, pointer):
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json
    assert told["status"] == status and told["code"] == (code or USUAL[status]), told
    assert told["title"] and told["error"] == told["title"] and told["type"] and "instance" in told
    if pointer is not None:
        assert pointer in [error["pointer"] for error in told["errors"]], told
    assert (status == 405) == ("Allow" in answer.headers)
    assert (status == 401) == ("WWW-Authenticate" in answer.headers)


def test_the_table_is_long_enough():
    assert len(CASES) >= 100


@pytest.mark.parametrize("name", CASES)
def test_refused(troupe, bought, rows, name):
    method, path, body, headers, status, code, pointer = CASES[name]
    if isinstance(body, str):
        body = body.encode()
    if body is not None:
        body = filled(body, bought)
    answer = troupe.client().ask(method, filled(path, bought), raw=body, headers=headers)
    must_be_told(answer, status, code, pointer)
    rows.must_be_unchanged()


@pytest.mark.parametrize("wish", NO_WAITS)
def test_a_malformed_wish_to_wait_is_ignored(client, bought, rows, wish):
    answer = client.get(f"/orders/{bought['ORDER']}", headers={"If-None-Match": '"1"', "Prefer": wish})
    assert answer.status == 304 and "Preference-Applied" not in answer.headers, answer.headers
    rows.must_be_unchanged()


@pytest.mark.parametrize("last", NO_EVENTS)
def test_a_malformed_last_event_counts_as_none(troupe, bought, rows, last):
    """The order comes at once; of notifications, those from now on."""
    order = Waiting(troupe.ports["gateway"], f"/orders/{bought['ORDER']}/stream", "ada",
                    {"Last-Event-ID": last}).opened()
    assert order.event()[:2] == ("order", 1)
    told = Waiting(troupe.ports["gateway"], "/notifications/stream", "ada",
                   {"Last-Event-ID": last}).opened()
    assert told.bytes == b""
    for each in (order, told):
        each.close()
    rows.must_be_unchanged()


def raw_exchange(port, text):
    """The answer, and whether the connection ends with it."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    connection.connect()
    try:
        connection.sock.sendall(text)
        got = http.client.HTTPResponse(connection.sock)
        got.begin()
        answer = Answer(got.status, got.headers, got.read())
        described.hold("POST", "/orders", answer)
        return answer, connection.sock.recv(1) == b""
    finally:
        connection.close()


@pytest.mark.parametrize("framing", [
    b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nWiki",
    b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNK,
    b"Content-Length: -1\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
])
def test_framing_that_could_be_read_in_two_ways_ends_the_connection(troupe, rows, framing):
    head = b"POST /orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    answer, ended = raw_exchange(troupe.ports["gateway"], head + framing)
    assert ended
    must_be_told(answer, 400, "malformed_request", None)
    rows.must_be_unchanged()


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


# Each is the admin's, and asked before anything else is looked at.
ADMIN = (("GET", "/orders?scope=all"), ("GET", "/orders/ORDER?scope=all"),
         ("POST", "/orders/ORDER/cancel?scope=all"), ("POST", "/orders/ORDER/process-payment?scope=all"),
         ("PATCH", "/orders/ORDER/dispatch"), ("PATCH", "/orders/ORDER/deliver"), ("GET", "/inventory"),
         ("POST", "/inventory"), ("PUT", "/inventory/PRODUCT"), ("GET", "/inventory/PRODUCT/ledger"),
         ("GET", "/analytics/orders"),
         ("GET", "/orders/ORDER/stream?scope=all"), ("GET", "/orders/ORDER/diagnosis"),
         ("GET", "/dead-letters"), ("POST", "/dead-letters/order-dead-1/replay"),
         ("DELETE", "/dead-letters/order-dead-1"))


def test_whoever_is_no_admin_is_refused_and_changes_nothing(instance, bought):
    instance.running({"TROUPE_ADMIN_TOKEN": "sesame"})
    before = instance.db.digest_at_rest()
    for method, path in ADMIN:
        for given in (None, "Bearer wrong", "Bearer sesam", "Bearer", "Basic sesame", "sesame", ""):
            answer = instance.client().ask(method, filled(path, bought),
                                           headers={"Authorization": given})
            must_be_told(answer, 401, None, None)
    assert instance.db.digest() == before
