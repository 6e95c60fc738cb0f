"""Every page of the shop, wide and narrow, light and dark: pictures of it for people, nothing that
sticks out, and nothing serious that axe-core finds."""

import pytest

import axe
from client import order_of
from shopping import NARROW, WIDE

USER = "user-1"


ADDRESS = {"name": "Ada Lovelace", "street": "12 St James Square", "postcode": "SW1Y 4JH",
           "city": "London", "country": "United Kingdom"}
CART = [{"id": "p-001", "name": "Wireless Headphones", "category": "Electronics", "price": 129.99, "quantity": 1},
        {"id": "p-036", "name": "Table Lamp", "category": "Home & Kitchen", "price": 54.99, "quantity": 2}]


@pytest.fixture
def pages(shop, client):
    """Name → (address, state of the checkout): with something on each."""
    def paid(*products):
        order = client.post("/orders", order_of(*((one, 1) for one in products)), user=USER).json["id"]
        client.pay(order, user=USER)
        return client.await_order(order, "CONFIRMED", user=USER)["id"]
    under_way, unpaid = paid("p-005", "p-037"), client.new_order("p-009", user=USER)
    client.patch(f"/orders/{under_way}/dispatch", {"courier": "DHL", "trackingNumber": "JD0001"})
    client.pay(unpaid, "4000000000000002", user=USER)
    begun = {"key": "looks", "attempt": 1}
    return {
        "catalogue": ("#/", begun), "category": ("#/?category=Books&sort=-price", begun),
        "nothing": ("#/?search=unobtainium", begun), "product": ("#/product/p-003", begun),
        "cart": ("#/cart", begun), "shipping": ("#/checkout/shipping", begun),
        "review": ("#/checkout/review", {**begun, "address": ADDRESS}),
        "payment": ("#/checkout/payment", {**begun, "orderId": unpaid}),
        "complete": ("#/checkout/complete", {**begun, "orderId": under_way, "done": True}),
        "orders": ("#/orders", begun), "order": (f"#/order/{under_way}", begun),
        "declined": (f"#/order/{unpaid}", begun), "notifications": ("#/notifications", begun),
        "missing": ("#/nowhere", begun),
    }


def look(shop, address, checkout):
    # So that the address is loaded, not only its hash changed; a picture names no icon of its own.
    shop.expected = ["/favicon.ico"]
    shop.open("web/icon.svg")
    shop.keep("sessionStorage", f"checkout.{USER}", checkout)
    shop.keep("localStorage", f"cart.{USER}", CART)
    shop.open(address)
    shop.until(lambda: shop.driver.find_elements("css selector", "main h1"), "no heading")
    shop.loaded()


# All of axe's rules once, and the contrast in the dark.
KINDS = (("wide", WIDE, "light", None), ("wide-dark", WIDE, "dark", ["color-contrast"]),
         ("phone", NARROW, "light", []), ("phone-dark", NARROW, "dark", []))


def test_every_page_looks_and_reads_well(shop, pages, screenshots):
    complaints = []
    for kind, size, scheme, rules in KINDS:
        shop.size(*size)
        shop.scheme(scheme)
        for name, (address, checkout) in pages.items():
            look(shop, address, checkout)
            shop.screenshot(screenshots / f"{name}-{kind}.png")
            if shop.overflow() > 0:
                complaints.append(f"{name} {kind} is {shop.overflow()} px too wide")
            complaints += [f"{name} {kind}: {found}" for found in axe.findings(shop, rules)]
    assert not complaints, "\n".join(complaints)


def test_the_keyboard_is_enough(shop):
    def focused():
        return shop.driver.switch_to.active_element
    tab, enter = "\ue004", "\ue007"
    shop.open("#/")
    shop.loaded()
    shop.driver.find_element("tag name", "body").send_keys(tab)
    assert focused().text == "Skip to the content"
    focused().send_keys(enter)
    assert focused().get_attribute("id") == "main"
    shop.named("Books").send_keys(enter)
    shop.heading("Books")
    shop.named("Orders").send_keys(enter)
    shop.until(lambda: focused().text == "My orders", "the heading has no focus")
