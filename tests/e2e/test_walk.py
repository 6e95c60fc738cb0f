"""One order from POST to COMPLETED, seen from every side."""

import re

import audit
from client import order_of, until

CUID = re.compile(r"c[0-9a-z]{24}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
WALK = ["CREATED", "PAYMENT_PENDING", "PAYMENT_SUCCESS", "CONFIRMED", "DISPATCHED", "COMPLETED"]
NOTIFICATIONS = [("ORDER", "Order received"), ("PAYMENT", "Payment received"),
                 ("ORDER", "Order confirmed"), ("DISPATCH", "Order dispatched"),
                 ("DISPATCH", "Order delivered")]


def walk(troupe, client, product, user):
    """Places the order on the gateway's port and the rest on the order service's own."""
    body = order_of((product, 2))
    placed = client.post("/orders", body, user=user)
    assert placed.status == 201, placed
    order = placed.json["id"]
    assert placed.headers["Location"] == f"/orders/{order}"
    paid = client.pay(order, user=user)
    assert paid.status == 200 and paid.json["success"] is True, paid
    assert paid.json["orderId"] == order and paid.json["paymentStatus"] == "SUCCESS"
    client.await_order(order, "CONFIRMED", user=user)
    own = troupe.client("order", user=user)
    sent = own.patch(f"/orders/{order}/dispatch", {"courier": "DHL", "trackingNumber": "JD0001"})
    assert sent.status == 200 and sent.json["status"] == "DISPATCHED", sent
    done = own.patch(f"/orders/{order}/deliver")
    assert done.status == 200 and done.json["status"] == "COMPLETED", done
    return order, paid.json["transactionId"]


def test_an_order_walks_to_completed(troupe, client, broker):
    product = troupe.new_product(stock=100, cents=1250)
    order, transaction = walk(troupe, client, product, "walker")
    seen_over_http(troupe, client, order, product)
    seen_in_databases(troupe, order, product, transaction)
    seen_by_the_customer(troupe, client, order)
    seen_on_kafka(troupe, broker, order, product)
    audit.await_sound(troupe)


def seen_over_http(troupe, client, order, product):
    for port in (client, troupe.client("order")):
        now = port.get(f"/orders/{order}", user="walker")
        assert now.status == 200
        assert [entry["status"] for entry in now.json["statusHistory"]] == WALK
        assert now.json["version"] == len(WALK)
        assert now.json["totalAmount"] == 25 and now.json["userId"] == "walker"
        item, = now.json["items"]
        assert CUID.fullmatch(order) and CUID.fullmatch(item["id"])
        assert (item["productId"], item["quantity"], item["price"]) == (product, 2, 12.5)
        assert item["product"] == {"id": product, "name": item["product"]["name"], "price": 12.5,
                                   "imageUrl": ""}
        stamps = [entry["timestamp"] for entry in now.json["statusHistory"]]
        assert all(TIME.fullmatch(stamp) for stamp in stamps) and stamps == sorted(stamps)
        assert now.headers["ETag"] == '"6"'
        known = port.get(f"/orders/{order}", user="walker", headers={"If-None-Match": '"6"'})
        assert known.status == 304 and known.body == b""
        older = port.get(f"/orders/{order}", user="walker", headers={"If-None-Match": '"5"'})
        assert older.status == 200
        assert port.get(f"/orders/{order}", user="somebody-else").status == 404
    assert troupe.client("inventory").get(f"/orders/{order}").status == 404
    stocked = troupe.client("inventory").get(f"/products/{product}")
    assert stocked.status == 200 and stocked.json["stock"] == 98


def seen_in_databases(troupe, order, product, transaction):
    db = troupe.db
    assert db.one("orders", "select user_id, total_amount, status, payment_status, version,"
                  " transaction_id, deadline_at from orders where id = %s", (order,)) == (
        "walker", 2500, "COMPLETED", "SUCCESS", 6, transaction, None)
    assert db.run("orders", "select status from order_status_history where order_id = %s"
                  " order by version", (order,)) == [(status,) for status in WALK]
    assert db.run("orders", "select product_id, quantity, price from order_items"
                  " where order_id = %s", (order,)) == [(product, 2, 1250)]
    assert db.one("payments", "select amount, status, transaction_id from payments"
                  " where order_id = %s", (order,)) == (2500, "SUCCESS", transaction)
    assert db.run("inventory", "select kind, lines from stock_ledger where order_id = %s"
                  " order by step", (order,)) == [
        ("reserve", [{"productId": product, "quantity": 2}]),
        ("sell", [{"productId": product, "quantity": 2}])]
    assert troupe.stock_of(product) == (98, 0, 2)
    assert db.run("gateway", "select key, kind, status, amount, transaction_id from ledger"
                  " where order_id = %s", (order,)) == [
        (f"{order}:1", "charge", "captured", 2500, transaction)]


def seen_by_the_customer(troupe, client, order):
    said = until(lambda: client.get("/notifications", user="walker").json,
                 lambda seen: len(seen) >= len(NOTIFICATIONS))
    # Topics are read side by side, so only the set is certain.
    assert sorted((n["type"], n["title"]) for n in said) == sorted(NOTIFICATIONS)
    assert all(n["orderId"] == order and n["isRead"] is False for n in said)
    own = troupe.client("emailing", user="walker")
    assert own.get("/notifications").json == said
    first = said[0]["id"]
    for _ in range(2):
        read = own.ask("PUT", f"/notifications/{first}/read")
        assert read.status == 200 and read.json["isRead"] is True
    assert own.ask("PUT", f"/notifications/{first}/read", user="somebody-else").status == 404
    unread = own.get("/notifications?unread=true").json
    assert len(unread) == len(NOTIFICATIONS) - 1

    def mails():
        texts = (path.read_text() for path in troupe.spool.glob("*.eml"))
        return [text for text in texts if "walker@customers.invalid" in text]
    subjects = [re.search(r"^Subject: (.*)$", mail, re.M).group(1).strip()
                for mail in until(mails, lambda seen: len(seen) >= len(NOTIFICATIONS))]
    assert sorted(subjects) == sorted(title for _, title in NOTIFICATIONS)


def expected_values(order, product, completed_at):
    """What the contract says of each topic: the values, with the service and its step."""
    confirmed = {"userId": "walker", "type": "ORDER", "title": "Order confirmed",
                 "message": f"Your order {order} is confirmed and is being prepared.",
                 "orderId": order}
    return {
        "order-created": ("order", 1, {
            "orderId": order, "userId": "walker",
            "items": [{"productId": product, "quantity": 2, "price": 12.5}], "totalAmount": 25.0,
            "shippingAddress": {"name": "Ada", "street": "12 St James Square"}}),
        "payment-success": ("order", 3, {"orderId": order}),
        "inventory-updated": ("inventory", 2, {
            "orderId": order, "items": [{"productId": product, "quantity": 2}]}),
        "notification-requested": ("order", 4, confirmed),
        "order-dispatched": ("order", 5, {
            "orderId": order, "trackingNumber": "JD0001", "courier": "DHL"}),
        "order-completed": ("order", 6, {"orderId": order, "completedAt": completed_at}),
    }


TOPICS = ["order-created", "payment-success", "payment-failed", "inventory-updated",
          "inventory-rejected", "inventory-released", "order-dispatched", "order-completed",
          "order-cancelled", "payment-refunded", "notification-requested"]


def seen_on_kafka(troupe, broker, order, product):
    records = {}
    for record in broker.records_of(TOPICS, order):
        # A deadline may have published one again, byte for byte.
        earlier = records.setdefault(record.topic, record)
        assert (earlier.payload, earlier.headers) == (record.payload, record.headers)
    expected = expected_values(order, product, records["order-completed"].value["completedAt"])
    assert TIME.fullmatch(records["order-completed"].value["completedAt"])
    assert set(records) == set(expected)
    for topic, (service, step, value) in expected.items():
        record = records[topic]
        assert record.value == value, topic
        headers = dict(record.headers)
        position = journal_position(troupe, service, order, step)
        assert TRACEPARENT.fullmatch(headers.pop("traceparent")), topic
        assert TIME.fullmatch(headers.pop("ce_time")), topic
        assert headers == {
            "ce_specversion": "1.0", "ce_id": f"{service}-{position}.0",
            "ce_type": f"troupe.{topic}", "ce_source": f"/troupe/{service}", "ce_subject": order,
            "content-type": "application/json", "ce_sequence": str(step)}, topic


def journal_position(troupe, service, order, step):
    if service == "order":
        return troupe.db.one("orders", "select position from order_status_history"
                             " where order_id = %s and version = %s", (order, step))
    return troupe.db.one("inventory", "select position from stock_ledger"
                         " where order_id = %s and step = %s", (order, step))


def test_health_and_metrics_on_every_port(troupe):
    for service in troupe.ports:
        port = troupe.client(service)
        assert port.get("/health/live").status == 200
        for path in ("/health/ready", "/health"):
            ready = port.get(path)
            assert ready.status == 200, (service, ready)
            assert ready.json["status"] == "up" and ready.json["checks"], (service, ready)
        metrics = port.get("/metrics")
        assert metrics.status == 200 and metrics.headers["Content-Type"].startswith("text/plain")
        text = metrics.body.decode()
        assert "troupe_orders_overdue" in text and "troupe_http_requests_total" in text
    assert len(troupe.client().get("/health/ready").json["checks"]) > 4
