"""Bad input, a case a line: what is asked, and which answer is due."""

import json

ADDRESS = {"name": "Ada"}


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

# The code that goes with a status when a case names no other.
USUAL = {400: "invalid_request", 401: "unauthorized", 404: "not_found", 405: "method_not_allowed",
         413: "body_too_large", 414: "uri_too_long", 415: "unsupported_media_type",
         417: "expectation_failed", 421: "misdirected_request", 431: "headers_too_large",
         501: "method_not_supported"}

# Each takes a key: (method, path, a good body).
KEYED = (("POST", "/orders", order()), ("POST", "/inventory", json.dumps(PRODUCT)),
         ("POST", "/orders/ORDER/process-payment", None), ("POST", "/orders/ORDER/cancel", "{}"),
         ("PATCH", "/orders/ORDER/dispatch", None), ("PATCH", "/orders/ORDER/deliver", None),
         ("POST", "/dead-letters/order-dead-1/replay", None))
BAD_KEYS = {"an empty key": "", "a key of 256": "k" * 256, "a key with a blank": "a b",
            "a key of no ASCII": "\u00e4"}

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
    "a bad user": ("POST", "/orders", order(), {"X-User-Id": "a b"}, 400, "invalid_user", None),
    "no JSON type": ("POST", "/orders", order(), {"Content-Type": "text/plain"}, 415, None, None),
    "no type": ("POST", "/orders", order(), {"Content-Type": None}, 415, None, None),
    "encoded": ("POST", "/orders", order(), {"Content-Encoding": "gzip"}, 415, "encoding_not_supported",
                None),
    "another host": ("POST", "/orders", order(), {"Host": "example.org"}, 421, None, None),
    "unknown order": ("GET", "/orders/c123", None, {}, 404, "not_found", None),
    "impossible order": ("GET", "/orders/a%20b", None, {}, 404, "not_found", None),
    "a path with a NUL": ("GET", "/orders/%00", None, {}, 400, "malformed_request", None),
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
        ("price below zero", {"price": -0.01}, "#/price"), ("price of nothing", {"price": 0}, "#/price"),
        ("price of mills", {"price": 1.234}, "#/price"),
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
    "the ledger of an unknown product": ("GET", "/inventory/nothing/ledger", None, {}, 404, "not_found",
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
        ("inventory?cursor=Zg%3D%3D", "cursor"), ("inventory?limit=0", "limit"),
        ("dead-letters?state=gone", "state"), ("dead-letters?state=", "state"),
        ("dead-letters?service=orders", "service"), ("dead-letters?service=", "service"),
        ("dead-letters?limit=0", "limit"), ("dead-letters?limit=1001", "limit"),
        ("dead-letters?limit=ten", "limit"), ("dead-letters?cursor=", "cursor"),
        ("dead-letters?cursor=AAAA", "cursor"), ("dead-letters?state=parked&cursor=%FF", "cursor"),
        ("orders/ORDER?scope=mine", "scope"), ("orders/ORDER/stream?scope=mine", "scope"))},
    **{f"{method} {path} of no letter": (method, path, None, {}, 404, "not_found", None)
       for letter in ("x", "order-dead-0", "order-dead-1x", "orders-dead-1", "order-gone-1", "order-dead",
                      "order-dead-99999999999999999999", "order-dead-999999", "emailing-parked-999999")
       for method, path in (("POST", f"/dead-letters/{letter}/replay"),
                            ("DELETE", f"/dead-letters/{letter}"))},
    **{f"stream of {name}": ("GET", f"/orders/{order_id}/stream", None, headers, status, code, None)
       for name, order_id, headers, status, code in (
           ("an unknown order", "c123", {}, 404, "not_found"),
           ("an impossible order", "a%20b", {}, 404, "not_found"),
           ("another's order", "ORDER", {"X-User-Id": "eve"}, 404, "not_found"),
           ("an unknown order, resumed", "c123", {"Last-Event-ID": "3"}, 404, "not_found"),
           ("another's order, resumed", "ORDER", {"X-User-Id": "eve", "Last-Event-ID": "0"}, 404,
            "not_found"),
           ("a bad user", "ORDER", {"X-User-Id": "a b"}, 400, "invalid_user"))},
    "notifications streamed to a bad user": ("GET", "/notifications/stream", None, {"X-User-Id": "a b"},
                                             400, "invalid_user", None),
    **{f"a wait for {name}": ("GET", f"/orders/{order_id}", None,
                              {"If-None-Match": '"1"', "Prefer": "wait=30", **headers}, status, code, None)
       for name, order_id, headers, status, code in (
           ("an unknown order", "c123", {}, 404, "not_found"),
           ("another's order", "ORDER", {"X-User-Id": "eve"}, 404, "not_found"),
           ("a bad user's order", "ORDER", {"X-User-Id": "a b"}, 400, "invalid_user"))},
    "diagnosis of an unknown order": ("GET", "/orders/c123/diagnosis", None, {}, 404, "not_found", None),
    "diagnosis of an impossible order": ("GET", "/orders/a%20b/diagnosis", None, {}, 404, "not_found",
                                         None),
    **{f"{method} {path} under {name}": (method, path, body, {"Idempotency-Key": key}, 400,
                                         "invalid_idempotency_key", None)
       for method, path, body in KEYED for name, key in BAD_KEYS.items()},
    **{f"{method} {path} of a bad user": (method, path, body, {"X-User-Id": user}, 400, "invalid_user",
                                          None)
       for user in ("a/b", "u" * 65)
       for method, path, body in (*KEYED[2:], ("GET", "/orders/ORDER", None), ("GET", "/orders", None),
                                  ("GET", "/notifications", None),
                                  ("PUT", "/notifications/c1/read", None))},
    "a bad user in the body": ("POST", "/orders", order(userId="a b"), {"X-User-Id": None}, 400,
                               "invalid_user", None),
    "a user in the body that is a number": ("POST", "/orders/ORDER/cancel", '{"userId":1}',
                                            {"X-User-Id": None}, 400, "invalid_user", None),
    "a bad user in the query": ("GET", "/orders?userId=a%20b", None, {"X-User-Id": None}, 400,
                                "invalid_user", None),
    **{f"{method} {path} with {body!r}": (method, path, body, {}, 400, None, "#")
       for method, path, _ in KEYED[2:] for body in ("[]", "{", '"text"', "{} {}")},
    **{f"{method} {path} as text": (method, path, "{}", {"Content-Type": "text/plain"}, 415, None, None)
       for method, path in (("POST", "/inventory"), ("PUT", "/inventory/PRODUCT"),
                            ("POST", "/orders/ORDER/process-payment"), ("POST", "/orders/ORDER/cancel"),
                            ("PATCH", "/orders/ORDER/dispatch"), ("PATCH", "/orders/ORDER/deliver"),
                            ("PUT", "/notifications/c1/read"))},
    **{f"{method} {path} of an impossible order": (method, path, None, {}, 404, None, None)
       for order_id in ("a%20b", "x" * 65, "a.b", "%C3%A4")
       for method, path in (("GET", f"/orders/{order_id}"), ("POST", f"/orders/{order_id}/cancel"),
                            ("POST", f"/orders/{order_id}/process-payment"),
                            ("PATCH", f"/orders/{order_id}/dispatch"),
                            ("PATCH", f"/orders/{order_id}/deliver"))},
    "a notification of an impossible id": ("PUT", "/notifications/a%20b/read", None, {}, 404, None, None),
    "a product page of an impossible id": ("GET", "/products/a%20b", None, {}, 404, None, None),
    "another's order": ("GET", "/orders/ORDER", None, {"X-User-Id": "eve"}, 404, None, None),
    "dispatch before it is paid": ("PATCH", "/orders/ORDER/dispatch", None, {}, 409, "wrong_state", None),
    "deliver before it is sent": ("PATCH", "/orders/ORDER/deliver", None, {}, 409, "wrong_state", None),
    "a card of 11 digits": ("POST", "/orders/ORDER/process-payment", '{"cardNumber":"42424242424"}', {},
                            400, None, "#/cardNumber"),
    "a card of 20 digits": ("POST", "/orders/ORDER/process-payment",
                            '{"cardNumber":"42424242424242424242"}', {}, 400, None, "#/cardNumber"),
    "a method of payment that is too long": ("POST", "/orders/ORDER/process-payment",
                                             json.dumps({"paymentMethod": "x" * 65}), {}, 400, None,
                                             "#/paymentMethod"),
    "a tracking number that is too long": ("PATCH", "/orders/ORDER/dispatch",
                                           json.dumps({"trackingNumber": "x" * 129}), {}, 400, None,
                                           "#/trackingNumber"),
    "a doubled user": ("POST", "/orders/ORDER/cancel", '{"userId":"ada","userId":"ada"}', {}, 400, None,
                       "#/userId"),
    "quantity 1e99": ("POST", "/orders", order(items=[]).replace(
        "[]", '[{"productId":"PRODUCT","quantity":1e99}]'), {}, 400, None, "#/items/0/quantity"),
    "a price below zero": ("POST", "/orders", line(price=-1), {}, 400, None, "#/items/0/price"),
    "a price that is a text": ("POST", "/orders", line(price="12.5"), {}, 400, None, "#/items/0/price"),
    "two prices for one product": (
        "POST", "/orders", order(items=[{"productId": "PRODUCT", "quantity": 1, "price": 12.5},
                                        {"productId": "PRODUCT", "quantity": 1, "price": 13}]),
        {}, 409, "price_changed", None),
    "a total beyond all amounts": ("POST", "/orders", order(items=[
        {"productId": "DEAR", "quantity": 10000}]), {}, 400, "amount_too_large", None),
    "an address that is a text": ("POST", "/orders", order(shippingAddress="here"), {}, 400, None,
                                  "#/shippingAddress"),
    **{f"an edit with {name}": ("PUT", "/inventory/PRODUCT", body, {}, 400, None, pointer)
       for name, body, pointer in (
           ("no JSON", "{", "#"), ("an array", "[]", "#"), ("a price of nothing", '{"price":0}', "#/price"),
           ("a negative stock", '{"stock":-1}', "#/stock"), ("a blank name", '{"name":"\\t"}', "#/name"),
           ("a stock that is a text", '{"stock":"5"}', "#/stock"),
           ("a category that is null and nothing else", '{"category":null}', "#"),
           ("a doubled stock", '{"stock":5,"stock":5}', "#/stock"))},
    "an edit without a body": ("PUT", "/inventory/PRODUCT", None, {}, 400, None, None),
    **{f"If-Match {tag}": ("PUT", "/inventory/PRODUCT", '{"stock":5}', {"If-Match": tag}, 412,
                           "precondition_failed", None)
       for tag in ('"0"', '"01"', 'W/"1"', "", '"x"', '"99999999999"')},
    **{f"{method} on {path}": (method, path, None, {}, 405, None, None) for method, path in (
        ("PUT", "/orders"), ("DELETE", "/orders"), ("PATCH", "/orders/ORDER"), ("POST", "/orders/ORDER"),
        ("GET", "/orders/ORDER/cancel"), ("GET", "/orders/ORDER/process-payment"),
        ("POST", "/orders/ORDER/dispatch"), ("PUT", "/orders/ORDER/deliver"), ("POST", "/products"),
        ("DELETE", "/products/PRODUCT"), ("PATCH", "/inventory/PRODUCT"), ("DELETE", "/inventory"),
        ("POST", "/notifications"), ("PATCH", "/notifications/c1/read"), ("POST", "/analytics/orders"),
        ("DELETE", "/health"), ("POST", "/metrics"), ("POST", "/orders/ORDER/stream"),
        ("POST", "/notifications/stream"), ("PUT", "/orders/ORDER/diagnosis"), ("POST", "/dead-letters"),
        ("GET", "/dead-letters/order-dead-1/replay"),
        ("GET", "/dead-letters/order-dead-1"), ("PUT", "/dead-letters/order-dead-1"),
        ("POST", "/openapi.yaml"), ("DELETE", "/asyncapi.yaml"), ("PUT", "/docs"))},
    "an unknown method": ("BREW", "/orders", None, {}, 501, None, None),
    **{f"no such path {path}": ("GET", path, None, {}, 404, None, None) for path in (
        "/orders/ORDER/", "/orders/ORDER/nothing", "/Orders", "/orders%2FORDER", "/analytics",
        "/notifications/c1", "//orders", "/orders/ORDER/streams", "/orders/ORDER/diagnosis/payment",
        "/docs/", "/openapi", "/openapi.json")},
    **{f"Host {host}": (method, path, body, {"Host": host}, 421, None, None)
       for host in ("example.org:80", "localhost.example.org", "127.0.0.1.example.org", "10.0.0.1")
       for method, path, body in (("GET", "/products", None), ("POST", "/orders/ORDER/cancel", None))},
    "an expectation that nobody has": ("POST", "/orders", order(), {"Expect": "the-unexpected"}, 417,
                                       None, None),
    "unknown product page": ("GET", "/products/nothing", None, {}, 404, "not_found", None),
    "no such path": ("GET", "/nothing", None, {}, 404, None, None),
    "method of no route": ("DELETE", "/orders/ORDER", None, {}, 405, None, None),
    "a path over the limit": ("GET", "/" + "a" * 20000, None, {}, 414, None, None),
    "a header over the limit": ("GET", "/products", None, {"X-Long": "a" * 100000}, 431, None, None),
}
