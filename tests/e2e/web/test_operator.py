"""The operator's pages against the running program: each does its work, and says what came of it."""

import json
import secrets

import pytest

import axe
from client import until
from shopping import NARROW, WIDE


@pytest.fixture
def desk(shop, screenshots):
    return Desk(shop, screenshots)


class Desk:
    """The operator's pages in the browser."""

    def __init__(self, shop, screenshots):
        self.shop = shop
        self.screenshots = screenshots
        self.click, self.sees, self.write, self.named = shop.click, shop.sees, shop.write, shop.named
        self.until = shop.until

    def open(self, path, heading):
        self.shop.driver.get("about:blank")  # so that the address is loaded, not only its hash changed
        self.shop.open(f"/admin#{path}")
        self.arrives(heading)

    def arrives(self, heading):
        self.shop.heading(heading)
        self.shop.loaded()

    def all(self, css):
        return self.shop.driver.find_elements("css selector", css)

    def texts(self, css):
        return self.shop.driver.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)", css)

    def said(self, *words):
        """What the page says has been done, once it holds the words."""
        def found():
            return next((text for text in self.texts("main .banner") if all(word in text for word in words)), None)
        return self.until(found, lambda: f"{words} is not said: {self.texts('.banner')}")

    def gone(self, css):
        self.until(lambda: not self.all(css), f"{css} is still there")


def confirmed(troupe, client, product=None):
    order = client.new_order(product or troupe.new_product())
    assert client.pay(order).json["success"]
    client.await_order(order, "CONFIRMED")
    return order


def short(order):
    return order[-8:].upper()


# --- orders ---

def test_an_order_is_dispatched_and_delivered(troupe, client, desk):
    order = confirmed(troupe, client)
    desk.open("/orders?status=CONFIRMED", "Orders")
    desk.click(f"Dispatch: order {short(order)}")
    desk.write("Courier", "Post & <b>Co</b>")
    desk.write("Tracking number", "T-1")
    desk.click("Dispatch")
    desk.said(f"Order {short(order)} is on its way")
    now = client.order(order)
    assert now["status"] == "DISPATCHED" and "Post & <b>Co</b>" in now["statusHistory"][-1]["message"]
    desk.gone(f'[data-order="{order}"]')  # no longer among the confirmed
    desk.open("/orders?status=DISPATCHED&user=ada", "Orders")
    desk.click(f"Mark delivered: order {short(order)}")
    desk.said(f"Order {short(order)} is delivered")
    assert client.order(order)["status"] == "COMPLETED"


def test_an_order_that_changed_meanwhile_is_explained(troupe, client, desk):
    order = confirmed(troupe, client)
    desk.open("/orders?status=CONFIRMED", "Orders")
    desk.click(f"Dispatch: order {short(order)}")
    assert client.post(f"/orders/{order}/cancel").status == 200
    desk.shop.expected = ["409"]
    desk.click("Dispatch")
    desk.sees("Nothing was done")
    desk.click("Cancel")
    desk.gone("dialog")
    assert client.order(order)["status"] == "CANCELLED"


def test_orders_page_by_page(troupe, client, desk):
    user, product = f"many-{secrets.token_hex(4)}", troupe.new_product()
    newest_first = [client.new_order(product, user=user) for _ in range(27)][::-1]

    def shows(orders):
        rows = "return [...document.querySelectorAll('[data-order]')].map((one) => one.dataset.order)"
        desk.until(lambda: desk.shop.driver.execute_script(rows) == orders, f"not these: {orders}")
    desk.open(f"/orders?user={user}", "Orders")
    shows(newest_first[:25])
    desk.click("Older")
    shows(newest_first[25:])
    desk.click("Newest")
    shows(newest_first[:25])


def test_one_orders_story_across_the_services(troupe, client, desk):
    order = client.new_order(troupe.new_product())
    client.pay(order, "4000000000000002")
    client.pay(order)
    client.await_order(order, "CONFIRMED")
    desk.open(f"/orders/{order}", f"Order {short(order)}")
    story, = desk.texts(".timeline")
    steps = ["order-created", "Payment attempt 1 began", "Payment attempt 1: declined", "Payment declined",
             "Payment attempt 2: approved", "Paid", "inventory-updated", "Confirmed"]
    places = [story.find(step) for step in steps]
    assert places == sorted(places) and places[0] >= 0, story
    desk.sees("The order waits for")
    with troupe.db.away("payments"):
        desk.click("Refresh")
        desk.sees("There is no answer from the payment service", "Unavailable")
    desk.click(f"Dispatch: order {short(order)}")
    desk.click("Dispatch")
    desk.said("is on its way")
    desk.shop.expected = ["404"]
    desk.open(f"/orders/c{'0' * 24}", "No such order")


# --- inventory ---

def test_of_two_edits_of_one_product_the_later_is_explained(client, desk):
    name = f"Kettle {secrets.token_hex(4)}"
    product = client.post("/inventory", {"name": name, "description": "", "price": 12.5, "stock": 20,
                                         "category": "Kitchen"}).json["id"]
    desk.open(f"/inventory?search={name.replace(' ', '+')}", "Inventory")
    desk.click(f"Edit {name}")
    desk.sees("20 at first, 0 by edits")
    assert client.ask("PUT", f"/inventory/{product}", {"stock": 7}).status == 200
    desk.write("Stock", "5")
    desk.write("Price (USD)", "free")
    desk.click("Save")
    desk.sees("More than 0, with at most two decimals.")
    desk.write("Price (USD)", "13.75")
    desk.shop.expected = ["412"]
    desk.click("Save")
    desk.sees("Somebody else changed it", "Nothing of yours was saved.")
    desk.click("Reload it")
    desk.sees("This is how it stands now", "20 at first, -13 by edits")
    assert desk.named("Stock").get_attribute("value") == "7"
    desk.write("Stock", "5")
    desk.write("Price (USD)", "13.75")
    desk.click("Save")
    said = desk.said(f"{name} is saved")
    assert "stock 7 → 5 (-2), price $12.50 → $13.75; it is version 3 now." in said
    assert "20 at first, -15 by edits: 5 in stock, 0 reserved, 0 sold." in said
    row, = desk.texts(f'[data-product="{product}"]')
    assert "Low" in row and "$13.75" in row
    desk.click(f"Edit {name}")
    desk.click("Sold in the shop")
    desk.click("Save")
    desk.said("out of the shop")
    assert client.get(f"/products/{product}").status == 404


def test_a_product_is_added(client, desk):
    name = f"Teapot <i>{secrets.token_hex(4)}</i>"
    desk.open("/inventory", "Inventory")
    desk.click("Add a product")
    desk.click("Add it")
    desk.sees("It needs a name.", "It needs a category.")
    for label, text in {"Name": name, "Category": "Kitchen", "Stock": "3", "Price (USD)": "19,90"}.items():
        desk.write(label, text)
    desk.click("Add it")
    desk.said(f"{name} is in the shop", "3 at first")
    made, = [p for p in client.get("/products?category=Kitchen").json if p["name"] == name]
    assert (made["price"], made["stock"]) == (19.9, 3)


def test_what_runs_out_comes_first(client, desk):
    word = f"Lamp{secrets.token_hex(4)}"
    for stock in (3, 5000, 1):
        client.post("/inventory", {"name": word, "description": "", "price": 1, "stock": stock, "category": "rare"})
    desk.open("/inventory", "Inventory")
    desk.write("Search name or description", word)
    desk.until(lambda: desk.texts('[data-label="Stock"]')[:3] == ["1", "3", "5,000"], "not in that order")
    desk.click("Low stock")
    desk.until(lambda: len(desk.all("[data-product]")) == 2, "not two")


# --- dead letters ---

def poison(client, broker):
    """The dead letters of one record that no service can read."""
    key = f"letter-{secrets.token_hex(4)}"
    broker.produce("order-cancelled", key, b'{"orderId":"<img src=x onerror=document.title=1>"')
    return until(lambda: [row for row in client.get("/dead-letters?limit=1000").json if row["key"] == key],
                 lambda rows: len(rows) == 3)


def discard(client, letters):
    for letter in letters:
        assert client.ask("DELETE", f"/dead-letters/{letter['id']}").status == 204


def test_a_dead_letter_is_replayed_in_vain_and_discarded(client, broker, desk):
    letter, *others = poison(client, broker)
    name = f"{letter['topic']} {letter['id']}"
    desk.open(f"/letters?service={letter['service']}", "Dead letters")
    row = f'[data-letter="{letter["id"]}"]'
    desk.all(f"{row} summary")[0].click()
    assert desk.texts(f"{row} pre") == [letter["value"]] and not desk.all("main img")
    desk.click(f"Replay {name}")
    desk.click("Replay")
    desk.sees("It failed again, and stays here")
    desk.click(f"Discard {name}")
    desk.click("Keep it")
    desk.gone("dialog")
    assert letter in client.get("/dead-letters?limit=1000").json
    desk.click(f"Discard {name}")
    desk.click("Discard")
    desk.said("It is discarded")
    desk.gone(row)
    assert letter not in client.get("/dead-letters?limit=1000").json
    discard(client, others)


def test_a_letter_that_has_become_applicable_is_applied(troupe, client, broker, desk):
    product = troupe.new_product()
    order = client.new_order(product)
    broker.produce("inventory-updated", order, json.dumps(
        {"orderId": order, "items": [{"productId": product, "quantity": 1}]}).encode())
    letter, = until(lambda: [row for row in client.get("/dead-letters?limit=1000").json if row["key"] == order])
    assert client.pay(order).json["success"]
    client.await_order(order, "CONFIRMED")
    desk.open(f"/orders/{order}", f"Order {short(order)}")
    desk.sees("Dead letter: inventory-updated")
    desk.open("/letters?service=order", "Dead letters")
    desk.click(f"Replay inventory-updated {letter['id']}")
    desk.click("Replay")
    desk.said("It is applied", "The order service has taken inventory-updated.")
    desk.gone(f'[data-letter="{letter["id"]}"]')


def test_a_parked_event_waits_in_sight(client, broker, desk):
    order = "c" + secrets.token_hex(12)
    broker.produce("payment-failed", order, json.dumps({"orderId": order, "reason": "no"}).encode())
    parked, = until(lambda: [row for row in client.get("/dead-letters?state=parked").json if row["key"] == order])
    desk.open("/letters", "Dead letters")
    desk.click("Parked events")
    desk.click(f"Discard payment-failed {parked['id']}")
    desk.click("Discard")
    desk.said("It is discarded")
    assert parked not in client.get("/dead-letters?state=parked").json


# --- the whole ---

def test_the_dashboard_tells_what_there_is(troupe, client, desk):
    order = confirmed(troupe, client)
    client.patch(f"/orders/{order}/dispatch")
    client.patch(f"/orders/{order}/deliver")
    desk.open("/", "Dashboard")
    figures = client.get("/analytics/orders").json
    today = f"${figures['revenueToday']:,.2f}"
    assert today in desk.texts(".stats")[0]
    desk.until(lambda: len(desk.all(".chart canvas[style]")) == 3, "not three drawings")
    for summary in desk.all(".chart summary"):
        summary.click()
    by_day, by_state, products = desk.texts(".chart table")
    assert today in by_day
    assert f"Delivered\t{figures['successfulOrders']}" in by_state
    assert figures["topProducts"][0]["name"] in products


def test_the_system_is_watched_while_it_changes(instance, troupe, desk):
    desk.shop.expected = ["503", "ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE"]
    desk.open("/system", "System")
    desk.sees("Everything is up", "/s")  # rates, from the second look on
    with troupe.db.away("payments"):
        desk.until(lambda: "Down" in desk.texts('[data-service="payment"]')[0], "payments are not down")
    assert instance.stop()[0] == 0
    desk.sees("Troupe does not answer")
    instance.start()
    desk.sees("Everything is up")
    desk.click("Pause")
    desk.sees("Paused: what is below does not change.")


def test_the_token_is_asked_for_where_one_is_set(instance, desk):
    desk.shop.expected = ["401"]
    button = "Open the operator's pages"
    instance.running({"TROUPE_ADMIN_TOKEN": "sesame"})
    desk.open("/inventory", "Operator's pages")
    desk.write("Admin token", "simsim")
    desk.click(button)
    desk.sees("That is not the token")
    desk.write("Admin token", "sesame")
    desk.click(button)
    desk.arrives("Inventory")
    desk.shop.driver.refresh()
    desk.arrives("Inventory")  # it is kept in this window
    assert desk.shop.driver.execute_script("return document.cookie + JSON.stringify(localStorage)").find("sesame") < 0
    instance.running({"TROUPE_ADMIN_TOKEN": "another"})
    desk.click("Low stock")
    desk.sees("not the right one any more")
    desk.write("Admin token", "another")
    desk.click(button)
    desk.arrives("Inventory")
    desk.click("Forget the token")
    desk.arrives("Operator's pages")


def test_every_page_looks_and_reads_well(troupe, client, broker, desk):
    order, letters = confirmed(troupe, client), poison(client, broker)
    client.post("/inventory", {"name": "Rare Lamp", "description": "", "price": 25, "stock": 3, "category": "Light"})
    low = "/inventory?show=low"  # a few rows: axe looks at each
    pages = {"dashboard": ("/", "Dashboard"), "inventory": (low, "Inventory"), "orders": ("/orders?user=ada", "Orders"),
             "diagnosis": (f"/orders/{order}", f"Order {short(order)}"), "letters": ("/letters", "Dead letters"),
             "system": ("/system", "System"), "edit": (low, "Inventory")}
    complaints = []
    for size, width in ((WIDE, "wide"), (NARROW, "phone")):
        desk.shop.size(*size)
        for name, (path, heading) in pages.items():
            desk.open(path, heading)
            if name == "edit":
                desk.all("[data-product] button")[0].click()
                desk.sees("What the ledger says", "by edits")
            if desk.shop.overflow() > 0:
                complaints.append(f"{name} {width} is {desk.shop.overflow()} px too wide")
            for scheme, kind, rules in (("light", width, None), ("dark", f"{width}-dark", ["color-contrast"])):
                desk.shop.scheme(scheme)  # the page follows at once
                desk.shop.screenshot(desk.screenshots / f"operator-{name}-{kind}.png")
                if size == WIDE:
                    complaints += [f"{name} {kind}: {found}" for found in axe.findings(desk.shop, rules)]
    discard(client, letters)
    assert not complaints, "\n".join(complaints)
