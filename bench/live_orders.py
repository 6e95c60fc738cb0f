#!/usr/bin/python3 -B
"""Resident bytes per live order actor: orders are placed and kept in memory; after each part of them the
server's memory is looked at once all events are told and it has come to rest. Between the first part
and the last the difference ÷ the orders between is what one more live order costs."""

import shop
from client import until

CONNECTIONS = 64
SLICE = 2  # seconds of load between two counts


def main():
    parser = shop.flags(__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--parts", type=int, default=4)
    given = parser.parse_args()
    settings = {"TROUPE_ORDERS_IDLE_MS": "86400000", "TROUPE_SERVER_MEMORY_MB": "0",
                "TROUPE_DEADLINES_UNPAID": "86400"}
    with shop.running(given.binary, settings) as troupe:
        product = troupe.new_product(stock=1_000_000_000)
        points = [look(troupe)]
        shop.say(f"empty: {points[0][1] / 2**20:.1f} MB")
        for part in range(1, given.parts + 1):
            fill(troupe, product, given.orders * part // given.parts)
            points.append(look(troupe))
            shop.say("{:.0f} live orders: {:.1f} MB, {:.0f} bytes each more than empty".format(
                points[-1][0], points[-1][1] / 2**20, slope(points[0], points[-1])))
        shop.say(f"bytes per live order: {slope(points[1], points[-1]):.0f} (from"
                 f" {points[1][0]:.0f} to {points[-1][0]:.0f}, one line and one history entry each)")


def fill(troupe, product, wanted):
    while True:
        said = shop.wrk(shop.gateway(troupe) + "/orders", "post_orders.lua", SLICE, CONNECTIONS,
                        [product])
        if said["failed"]:
            shop.say(f"{said['failed']} orders could not be placed")
        if shop.gauge(troupe, "troupe_orders_live") >= wanted:
            return


def look(troupe):
    """Live orders, and the resident memory at rest: all events are out and read, what was waiting
    for that is gone."""
    until(lambda: backlog(troupe), lambda left: left == 0, limit=300, pause=1)
    resident = shop.await_steady(lambda: shop.memory_and_threads(troupe.process.pid)[0])
    return shop.gauge(troupe, "troupe_orders_live"), resident


def backlog(troupe):
    """Orders whose stock is not reserved or that nobody was told of."""
    placed = troupe.db.one("orders", "select count(*) from orders")
    reserved = troupe.db.one("inventory", "select coalesce(sum(reserved), 0) from products")
    told = troupe.db.one("emailing", "select count(*) from notifications")
    return (placed - reserved) + (placed - told)


def slope(one, other):
    return (other[1] - one[1]) / (other[0] - one[0])


if __name__ == "__main__":
    shop.play(main)
