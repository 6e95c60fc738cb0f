"""Buying in the browser, when all goes well and when it does not."""

from client import until
from shopping import DECLINED, NARROW, SILENT, buy, pay, place_order, put_in_cart, to_review

USER = "user-1"


def orders_of_user(client):
    return client.get("/orders?limit=1000", user=USER).json


def test_a_whole_purchase(shop, client):
    shop.write("Search the shop", "headphones")
    shop.click("Search")
    shop.heading("Results for “headphones”")
    shop.follow("Wireless Headphones")
    shop.heading("Wireless Headphones")
    shop.choose("Quantity", "2")
    shop.click("Add to cart")
    shop.click("Cart, 2 items")
    shop.sees("Wireless Headphones", "$259.98")
    shop.click("Go to checkout")
    to_review(shop)
    shop.sees("Ada Lovelace", "London", "2 × $129.99")
    order = place_order(shop, "$259.98")
    pay(shop, "$259.98")
    shop.heading("Thank you for your order")
    shop.click("Follow your order")
    shop.sees("Order confirmed")
    bought = client.await_order(order, "CONFIRMED", user=USER)
    assert [(item["productId"], item["quantity"]) for item in bought["items"]] == [("p-001", 2)]
    assert bought["shippingAddress"]["street"] == "12 St James Square"
    shop.named("Cart")  # empty again


def test_a_declined_card_can_be_followed_by_another(shop, client, troupe):
    put_in_cart(shop, "p-014", "The Quiet Harbour")
    to_review(shop)
    order = place_order(shop, "$14.99")
    pay(shop, "$14.99", DECLINED)
    shop.sees("Your card was declined", "Nothing was charged")
    shop.driver.refresh()
    shop.sees("Your card was declined")  # still told
    pay(shop, "$14.99")
    shop.heading("Thank you for your order")
    client.await_order(order, "CONFIRMED", user=USER)
    assert troupe.ledger(order) == [("charge", "declined"), ("charge", "captured")]


def test_a_card_number_is_looked_at_before_it_is_sent(shop):
    put_in_cart(shop, "p-014", "The Quiet Harbour")
    to_review(shop)
    place_order(shop, "$14.99")
    pay(shop, "$14.99", "12 34")
    shop.sees("A card number has 12 to 19 digits.")
    assert shop.driver.switch_to.active_element.get_attribute("name") == "card"


def twice(shop, name):
    """Two clicks before the first is answered."""
    shop.driver.execute_script("arguments[0].click(); arguments[0].click();", shop.named(name))


def test_a_double_click_and_the_back_button_buy_once(shop, client, troupe):
    before = len(orders_of_user(client))
    put_in_cart(shop, "p-020", "Night Sky Atlas")
    to_review(shop)
    twice(shop, "Place order for $34.99")
    form = shop.named("Card number")
    shop.driver.back()
    shop.replaced(form)
    shop.heading("Payment")  # what is placed is not placed again
    shop.write("Card number", "4242 4242 4242 4242")
    twice(shop, "Pay $34.99")
    shop.heading("Thank you for your order")
    order = shop.kept(f"checkout.{USER}")["orderId"]
    shop.open("#/checkout/review")
    shop.until(lambda: shop.path() == "/checkout/complete", "the review can be seen again")
    assert len(orders_of_user(client)) == before + 1
    client.await_order(order, "CONFIRMED", user=USER)
    assert troupe.ledger(order) == [("charge", "captured")]


def test_a_reload_in_the_middle_loses_nothing(shop, client):
    put_in_cart(shop, "p-028", "Chef's Knife")
    to_review(shop)
    shop.driver.refresh()
    shop.sees("Does this look right?", "Ada Lovelace", "Chef's Knife")
    order = place_order(shop, "$69.99")
    shop.driver.refresh()
    pay(shop, "$69.99")
    shop.heading("Thank you for your order")
    shop.driver.refresh()
    shop.heading("Thank you for your order")
    assert shop.kept(f"checkout.{USER}")["orderId"] == order
    client.await_order(order, "CONFIRMED", user=USER)


def test_an_answer_that_was_lost_is_asked_for_again(shop, client):
    """The order's request is on its way when the page is left: the server has it, the page no answer."""
    before = len(orders_of_user(client))
    put_in_cart(shop, "p-030", "Electric Kettle")
    to_review(shop)
    shop.driver.execute_script(
        "const send = window.fetch; window.fetch = (...all) => send(...all).then(() => new Promise(() => {}));")
    shop.click("Place order for $44.99")
    until(lambda: len(orders_of_user(client)), lambda number: number == before + 1)
    shop.driver.refresh()
    shop.heading("Is your order placed?")
    shop.click("Ask again")
    shop.named("Card number")
    assert len(orders_of_user(client)) == before + 1


def test_a_price_that_changed_is_told_before_it_is_paid(shop, client):
    product, name = "p-027", "Cast Iron Pan"
    put_in_cart(shop, product, name)
    to_review(shop)
    assert client.ask("PUT", f"/inventory/{product}", {"price": 44.5}).status == 200
    shop.expected = ["409"]
    shop.click("Place order for $39.99")
    shop.sees("Your cart has changed", "Cast Iron Pan now costs $44.50.")
    order = place_order(shop, "$44.50")
    assert client.order(order, user=USER)["totalAmount"] == 44.5


def test_what_has_sold_out_is_told_and_the_rest_can_be_bought(shop, client):
    for product, name in (("p-035", "Glass Storage Boxes"), ("p-036", "Table Lamp")):
        put_in_cart(shop, product, name)
    to_review(shop)
    assert client.ask("PUT", "/inventory/p-035", {"stock": 0}).status == 200
    shop.expected = ["409"]
    shop.click("Place order for $79.98")
    shop.sees("Glass Storage Boxes has just sold out and was taken out of your cart.")
    order = place_order(shop, "$54.99")
    assert [i["productId"] for i in client.order(order, user=USER)["items"]] == ["p-036"]


def test_a_bank_that_answers_late_is_waited_for(shop, instance, client):
    instance.running({"TROUPE_PAYMENT_WAIT_MS": "500", "TROUPE_PAYMENT_CHARGE_LIMIT_MS": "1000",
                      "TROUPE_PAYMENT_CALL_LIMIT_MS": "300", "TROUPE_PAYMENT_TRIES": "2"})
    put_in_cart(shop, "p-040", "Yoga Mat")
    to_review(shop)
    order = place_order(shop, "$29.99")
    pay(shop, "$29.99", SILENT)
    shop.sees("Your payment is being checked")
    client.await_order(order, "PAYMENT_FAILED", user=USER)
    shop.sees("The payment did not go through", "Nothing was charged")
    assert instance.ledger(order) == [("charge", "voided")]


def test_another_customer_has_another_cart(shop):
    put_in_cart(shop, "p-041", "Trail Running Shoes")
    shop.choose("Shopping as", "Grace")
    shop.named("Cart")
    shop.open("#/orders")
    shop.sees("No orders yet")
    shop.choose("Shopping as", "Ada")
    shop.named("Cart, 1 item")


def test_an_order_can_be_paid_later(shop, client):
    put_in_cart(shop, "p-042", "Two-Person Tent")
    to_review(shop)
    order = place_order(shop, "$199.00")
    shop.click("Pay later")
    shop.sees("Awaiting payment")
    shop.click("Pay now")
    pay(shop, "$199.00")
    shop.heading("Thank you for your order")
    client.await_order(order, "CONFIRMED", user=USER)


def test_a_purchase_on_a_phone(shop, client):
    shop.size(*NARROW)
    order = buy(shop)
    client.await_order(order, "CONFIRMED", user=USER)
