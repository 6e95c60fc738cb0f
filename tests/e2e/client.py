"""A small HTTP client: what a test asks, and what came back."""

import http.client
import json
import time

import described

HOST = "127.0.0.1"


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The problem's stable code; None when it is no problem."""
        if self.headers.get("Content-Type", "").startswith("application/problem+json"):
            return self.json["code"]
        return None

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Client:
    """Asks one port as one user. Each request has its own connection, so threads may share it."""

    def __init__(self, port, user="ada", token=None, limit=20):
        self.port = port
        self.user = user
        self.token = token
        self.limit = limit

    def ask(self, method, path, body=None, headers=None, raw=None, user=None):
        """`body` goes out as JSON; `raw` as it is. Raises OSError or HTTPException when cut off."""
        sent = {"X-User-Id": user or self.user}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        connection = http.client.HTTPConnection(HOST, self.port, timeout=self.limit)
        try:
            connection.request(method, path, body=raw, headers=sent)
            got = connection.getresponse()
            answer = Answer(got.status, got.headers, got.read())
        finally:
            connection.close()
        described.hold(method, path, answer)
        return answer

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.ask("POST", path, body, **more)

    def patch(self, path, body=None, **more):
        return self.ask("PATCH", path, body, **more)

    def place(self, product, quantity=1, key=None, user=None):
        headers = {"Idempotency-Key": key} if key else {}
        return self.post("/orders", order_of((product, quantity)), headers=headers, user=user)

    def new_order(self, product, quantity=1, user=None):
        """The id of a fresh order."""
        answer = self.place(product, quantity, user=user)
        assert answer.status == 201, answer
        return answer.json["id"]

    def pay(self, order, card="4242424242424242", user=None):
        return self.post(f"/orders/{order}/process-payment", {"cardNumber": card}, user=user)

    def order(self, order, user=None):
        answer = self.get(f"/orders/{order}", user=user)
        assert answer.status == 200, answer
        return answer.json

    def await_order(self, order, wanted, limit=20, user=None):
        """The order once `wanted(order)` holds; a text means that status."""
        holds = wanted if callable(wanted) else lambda now: now["status"] == wanted
        return until(lambda: self.order(order, user=user), holds, limit)


def order_of(*lines):
    return {
        "items": [{"productId": product, "quantity": quantity} for product, quantity in lines],
        "shippingAddress": {"name": "Ada", "street": "12 St James Square"},
    }


def until(look, holds=bool, limit=20, pause=0.05):
    """What `look()` gives as soon as `holds` is true of it; fails with the last look after `limit` s."""
    deadline = time.monotonic() + limit
    while True:
        seen = look()
        if holds(seen):
            return seen
        assert time.monotonic() < deadline, f"not within {limit} s; last seen: {seen!r}"
        time.sleep(pause)
