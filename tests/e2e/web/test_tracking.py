"""Following an order in the browser, and what the shop tells its customers."""

from shopping import buy

USER = "user-1"


def follow(shop, client, order):
    client.await_order(order, "CONFIRMED", user=USER)
    shop.open(f"#/order/{order}")
    shop.sees("Order confirmed")


def placed_and_paid(client):
    order = client.new_order("p-060", user=USER)
    client.pay(order, user=USER)
    return order


def test_the_page_follows_the_order_to_the_door(shop, client):
    order = buy(shop)
    follow(shop, client, order)
    assert client.patch(f"/orders/{order}/dispatch", {"courier": "DHL", "trackingNumber": "JD0001"}).status == 200
    shop.sees("On its way", "Order dispatched with DHL, tracking number JD0001")
    assert client.patch(f"/orders/{order}/deliver").status == 200
    shop.sees("Delivered", "Order delivered")
    said = shop.driver.execute_script("return document.getElementById('announcer').textContent")
    assert said == "Delivered. Order delivered"
    shop.open("#/orders")
    shop.sees("Mechanical Keyboard", "Delivered", "$89.99")


def test_without_a_stream_the_page_asks(shop, client):
    order = placed_and_paid(client)
    client.await_order(order, "CONFIRMED", user=USER)
    shop.expected = ["/stream"]
    shop.cdp("Network.enable")
    shop.cdp("Network.setBlockedURLs", urls=["*/stream?*"])
    shop.open(f"#/order/{order}")
    shop.sees("Live updates have paused")
    assert client.patch(f"/orders/{order}/dispatch").status == 200
    shop.sees("On its way")
    shop.cdp("Network.setBlockedURLs", urls=[])
    shop.until(lambda: "Live updates have paused" not in shop.text(), "the notice stays")


def test_a_restarted_server_is_found_again(shop, client, instance):
    order = placed_and_paid(client)
    follow(shop, client, order)
    shop.expected = ["net::ERR_", "503"]
    assert instance.stop()[0] == 0
    shop.sees("The connection is gone", "Reconnecting")
    instance.start()
    shop.until(lambda: "The connection is gone" not in shop.text(), "the notice stays")
    assert client.patch(f"/orders/{order}/dispatch").status == 200
    shop.sees("On its way")


def test_an_order_is_cancelled_after_a_question(shop, client):
    order = placed_and_paid(client)
    follow(shop, client, order)
    shop.click("Cancel the order")
    shop.sees("Cancel this order?")
    shop.click("Keep it")
    shop.named("Cancel the order").click()
    shop.sees("We give back")
    shop.driver.execute_script("document.querySelector('dialog .btn-danger').click()")
    shop.sees("Cancelled", "Refunded")
    assert client.order(order, user=USER)["status"] == "CANCELLED"


def test_notifications_are_counted_and_read(shop, client):
    for one in client.get("/notifications?unread=true&limit=1000", user=USER).json:
        client.ask("PUT", f"/notifications/{one['id']}/read", user=USER)
    shop.driver.refresh()
    shop.named("Notifications")
    order = placed_and_paid(client)
    client.await_order(order, "CONFIRMED", user=USER)
    shop.until(lambda: len(client.get("/notifications?unread=true", user=USER).json) == 3, "not three")
    shop.driver.refresh()
    shop.click("Notifications, 3 unread")
    shop.sees("Order confirmed", "Payment received", "Order received")
    shop.click("Mark as read: Order confirmed")
    shop.named("Notifications, 2 unread")
    shop.click("Mark all as read")
    shop.named("Notifications")
    assert client.get("/notifications?unread=true", user=USER).json == []
    shop.until(lambda: shop.driver.switch_to.active_element.text == "Notifications", "the heading has no focus")


def test_what_is_chosen_stands_in_the_address(shop):
    shop.open("#/")
    shop.click("Books")
    shop.heading("Books")
    shop.choose("Sort by", "Price, high to low")
    shop.write("to", "20")
    shop.click("Apply")
    shop.sees("The Gardener's Year", "7 products")
    assert "category=Books" in shop.path() and "sort=-price" in shop.path() and "maxPrice=20" in shop.path()
    shop.driver.refresh()
    shop.sees("The Gardener's Year", "7 products")
    assert shop.named("Sort by").get_attribute("value") == "-price"
    assert shop.named("to").get_attribute("value") == "20"
    shop.open("#/")
    shop.sees("Page 1 of ")
    shop.click("Next")
    shop.sees("Page 2 of ")
    shop.driver.refresh()
    shop.sees("Page 2 of ")
    shop.driver.back()
    shop.sees("Page 1 of ")
    shop.open("#/?search=unobtainium")
    shop.sees("Nothing fits")
    shop.open("#/nowhere")
    shop.heading("There is no such page")
