"""Lists over real HTTP: followed by their links they hold everything once, in their order."""

import re

from client import until


def walk(client, target, user=None):
    """The pages behind `target`, following the links."""
    pages = []
    while target:
        answer = client.get(target, user=user)
        assert answer.status == 200, answer
        pages.append(answer)
        link = answer.headers.get("Link")
        target = re.fullmatch(r'<([^>]+)>; rel="next"', link).group(1) if link else None
        assert len(pages) < 200
    return pages


def ids(pages):
    return [row["id"] for page in pages for row in page.json]


def test_products_in_every_order(troupe, client):
    made = [troupe.new_product(cents=cents) for cents in (700, 300, 700, 500)]
    troupe.db.run("inventory", "update products set category = 'lists' where id = any(%s)", (made,))
    whole = client.get("/products?category=lists").json
    keys = {"name": lambda p: (p["name"], p["id"]), "price": lambda p: (p["price"], p["id"]),
            "createdAt": lambda p: (p["createdAt"], p["id"])}
    for route in ("/products", "/inventory"):
        for sort, key in keys.items():
            for sign in ("", "-"):
                pages = walk(troupe.client("inventory"),
                             f"{route}?category=lists&sort={sign}{sort}&limit=3")
                expected = [p["id"] for p in sorted(whole, key=key, reverse=bool(sign))]
                assert ids(pages) == expected, (route, sort, sign)
                assert [page.headers["X-Total-Count"] for page in pages] == ["4", "4"]


def test_search_is_taken_literally(troupe, client):
    product = troupe.new_product()
    troupe.db.run("inventory", "update products set category = 'search',"
                  " name = %s, description = %s where id = %s",
                  ("50% Off_Season", "a back\\slash", product))
    found = lambda text: [p["id"] for p in client.get(f"/products?category=search&search={text}").json]
    for text in ("%25", "_", "%5C", "50%25%20off", "OFF_SEASON", "K%5CSLASH"):
        assert found(text) == [product], text
    for text in ("5%25f", "of__season", "back_slash", "%5C%25"):
        assert found(text) == [], text


def test_orders_of_a_user_and_of_all(troupe, client):
    product = troupe.new_product()
    made = [client.new_order(product, user="lister") for _ in range(5)]
    other = client.new_order(product, user="lister2")
    client.post(f"/orders/{made[0]}/cancel", user="lister")
    newest_first = made[::-1]
    orders = troupe.client("order")
    assert ids(walk(client, "/orders?limit=2", user="lister")) == newest_first
    assert ids(walk(orders, "/orders", user="lister")) == newest_first
    assert ids(walk(client, "/orders?status=CANCELLED", user="lister")) == made[:1]
    assert ids(walk(client, "/orders?scope=all&userId=lister&limit=2", user="ada")) == newest_first
    everybody = ids(walk(client, "/orders?scope=all&limit=7", user="ada"))
    assert len(everybody) == len(set(everybody))
    assert len(everybody) == troupe.db.one("orders", "select count(*) from orders")
    assert everybody[:6] == [other] + newest_first
    assert client.get("/orders?limit=1", user="lister").json[0] == client.order(made[-1], user="lister")


def test_a_new_order_moves_no_page(troupe, client):
    product = troupe.new_product()
    made = [client.new_order(product, user="pager") for _ in range(4)]
    first = walk(client, "/orders?limit=2", user="pager")[0]
    client.new_order(product, user="pager")
    rest = re.match(r"<([^>]+)>", first.headers["Link"]).group(1)
    assert ids([first]) + ids(walk(client, rest, user="pager")) == made[::-1]


def test_notifications_page_by_page(troupe, client):
    product = troupe.new_product()
    for _ in range(3):
        client.new_order(product, user="noted")
    told = until(lambda: client.get("/notifications", user="noted").json, lambda all: len(all) == 3)
    newest_first = [n["id"] for n in told]
    for port in ("gateway", "emailing"):
        assert ids(walk(troupe.client(port), "/notifications?limit=2", user="noted")) == newest_first
    client.ask("PUT", f"/notifications/{newest_first[1]}/read", user="noted")
    assert ids(walk(client, "/notifications?unread=true&limit=1", user="noted")) == [
        newest_first[0], newest_first[2]]
