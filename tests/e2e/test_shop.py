"""What the shop's owner sees: stock, low-stock notices, figures."""

import audit
from client import until


def row_of(client, product):
    row, = [row for row in client.get("/inventory").json if row["id"] == product]
    return row


def test_the_inventory_follows_an_order(troupe, client):
    product = troupe.new_product(stock=12)
    order = client.new_order(product, 3)
    until(lambda: troupe.stock_of(product), lambda units: units == (9, 3, 0))
    row = row_of(client, product)
    assert (row["stock"], row["reserved"], row["sold"]) == (9, 3, 0)
    assert row["lowStock"] is True and row["active"] is True
    assert client.get(f"/products/{product}").json["stock"] == 9
    client.pay(order)
    client.await_order(order, "CONFIRMED")
    row = row_of(troupe.client("inventory"), product)
    assert (row["stock"], row["reserved"], row["sold"]) == (9, 0, 3)
    audit.await_sound(troupe)


def test_low_stock_is_told_once_a_crossing(troupe, client, broker):
    product = troupe.new_product(stock=12)
    name = row_of(client, product)["name"]

    def notices():
        told = client.get("/notifications?limit=1000", user="admin").json
        return [n for n in told if name in n["title"] + n["message"]
                or product in n["title"] + n["message"]]
    first = client.new_order(product, 3)
    until(notices, lambda told: len(told) == 1)
    client.new_order(product, 1)  # lower still: no news
    audit.await_sound(troupe)
    assert len(notices()) == 1
    assert client.post(f"/orders/{first}/cancel").status == 200
    until(lambda: troupe.stock_of(product), lambda units: units == (11, 1, 0))
    until(lambda: client.get(f"/products/{product}").json["stock"], lambda stock: stock == 11)
    client.new_order(product, 1)
    until(notices, lambda told: len(told) == 2)
    audit.await_sound(troupe)
    assert len(notices()) == 2
    records = [r for r in broker.records("notification-requested", "admin")
               if product in r.payload or name in r.payload]
    assert len({record.identity for record in records}) == 2
    assert all(r.value["userId"] == "admin" and "orderId" not in r.value for r in records)


def test_the_figures_add_up(troupe, client):
    product = troupe.new_product(stock=500, cents=1999)
    order = client.new_order(product, 400)
    client.pay(order)
    client.await_order(order, "CONFIRMED")
    for step in ("dispatch", "deliver"):
        assert client.patch(f"/orders/{order}/{step}").status == 200
    audit.await_sound(troupe)
    figures = client.get("/analytics/orders").json
    rows = troupe.db.run("orders", "select status, payment_status, total_amount from orders")
    completed = [total for status, _, total in rows if status == "COMPLETED"]
    assert figures["totalOrders"] == len(rows) == sum(figures["ordersByStatus"].values())
    assert figures["successfulOrders"] == len(completed)
    assert round(figures["totalRevenue"] * 100) == sum(completed)
    assert abs(figures["averageOrderValue"] * 100 - sum(completed) / len(completed)) <= 0.5
    assert figures["pendingOrders"] == len([s for s, _, _ in rows if s in ("CREATED", "PAYMENT_PENDING")])
    assert figures["failedPayments"] == len([1 for s, p, _ in rows if s == "PAYMENT_FAILED"
                                             or (s == "CANCELLED" and p in ("PENDING", "FAILED"))])
    assert figures["totalProducts"] == troupe.db.one(
        "inventory", "select count(*) from products where active")
    assert len(figures["revenueByDay"]) == 30
    assert round(sum(day["revenue"] for day in figures["revenueByDay"]) * 100) == sum(completed)
    top, = [p for p in figures["topProducts"] if p["productId"] == product]
    assert (top["quantity"], round(top["revenue"] * 100)) == (400, 400 * 1999)
    assert len(figures["topProducts"]) <= 10
