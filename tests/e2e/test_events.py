"""docs/asyncapi.yaml names the topics that there are, and says of their events what is true."""

import json

import events
import schemas
from client import until


def message_of(topic):
    return schemas.document(events.DOCUMENT)["components"]["messages"][events.messages()[topic]]


def headers_of(topic, value):
    sources = message_of(topic)["headers"]["allOf"][1]["properties"]["ce_source"]["enum"]
    return {"ce_specversion": "1.0", "ce_id": "order-549755813889.0", "ce_type": f"troupe.{topic}",
            "ce_source": sources[0], "ce_subject": value["orderId"], "ce_sequence": "1",
            "ce_time": "2026-11-25T03:29:27.635Z", "content-type": "application/json"}


def test_each_topic_is_described(troupe, broker):
    until(lambda: events.topics_of(broker), lambda seen: seen == sorted(events.messages()))


def test_the_schemas_take_their_examples_and_nothing_less():
    for topic in events.messages():
        value = message_of(topic)["examples"][0]["payload"]
        headers = headers_of(topic, value)

        def errors(headers, value, topic=topic, key=value["orderId"]):
            return events.errors_of(topic, key, headers, json.dumps(value))

        assert errors(headers, value) == []
        assert errors(headers, {**value, "more": 1})
        optional = ("orderId",) if topic == "notification-requested" else ("trackingNumber", "courier")
        for name in set(value) - set(optional):
            assert errors(headers, {**value, name: None}), (topic, name)
            assert errors(headers, {n: v for n, v in value.items() if n != name}), (topic, name)
        for name in set(headers) - ({"ce_subject"} if topic == "notification-requested" else set()):
            assert errors({**headers, name: "other text"}, value), (topic, name)
            assert errors({n: v for n, v in headers.items() if n != name}, value), (topic, name)


def test_the_events_of_an_orders_whole_way_are_as_described(troupe, client, broker):
    product = troupe.new_product(stock=5)
    kept, returned, refused = (client.new_order(product) for _ in range(3))
    for order in (kept, returned):
        assert client.pay(order).json["success"]
        client.await_order(order, "CONFIRMED")
    assert not client.pay(refused, card="4000000000000002").json["success"]
    assert client.post(f"/orders/{returned}/cancel").status == 200
    client.await_order(returned, lambda now: now["paymentStatus"] == "REFUNDED")
    parcel = {"courier": "DHL", "trackingNumber": "JD0001"}
    assert client.patch(f"/orders/{kept}/dispatch", parcel).status == 200
    assert client.patch(f"/orders/{kept}/deliver").status == 200
    assert events.hold_all(broker) > 10
