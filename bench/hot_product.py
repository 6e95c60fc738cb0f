#!/usr/bin/python3 -B
"""Completed lifecycles per second (order, pay, sell, dispatch, deliver) with all orders on one product ÷
the same spread over the catalogue, in turns against one server."""

import sys
from statistics import median

import shop

SCENARIO = """
[load]
customers = {customers}
duration_s = {seconds}
settle_s = 120

[catalogue]
products = {products}
skew_percent = 0
most_lines = 1
most_pieces = 1

[customers]
pages = 0
think_ms = 0
poll_ms = 10
notifications_ms = 3600000
long_poll_percent = 100
stream_percent = 0
{untroubled}
[operators]
count = {operators}
pause_ms = 20
batch = 200
at_once = 50
"""
WARM = 4  # seconds until orders are in every state


def main():
    parser = shop.flags(__doc__)
    parser.add_argument("--customers", type=int, default=200, help="at once, each coming again")
    parser.add_argument("--operators", type=int, default=2)
    parser.add_argument("--products", type=int, default=200, help="of the catalogue")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=14, help=f"of each; the first {WARM} only warm")
    given = parser.parse_args()
    with shop.running(given.binary) as troupe:
        ratios = []
        for _ in range(given.rounds):
            spread = lifecycles(troupe, given, given.products)
            hot = lifecycles(troupe, given, 1)
            if spread == 0:
                sys.exit("no order was completed: give it more --seconds")
            ratios.append(hot / spread)
            shop.say(f"lifecycles per second: spread {spread:.0f}, hot {hot:.0f},"
                     f" ratio {ratios[-1]:.2f}")
        shop.say(f"hot product ÷ spread: {median(ratios):.2f} (median of {len(ratios)},"
                 f" {min(ratios):.2f} to {max(ratios):.2f})")


def lifecycles(troupe, given, products):
    """Completed orders a second, as the customers have seen it, once it is warm."""
    report = shop.simulate(troupe, SCENARIO.format(
        customers=given.customers, seconds=given.seconds, products=products,
        operators=given.operators, untroubled=shop.UNTROUBLED))
    if shop.failed(report):
        shop.say(f"failed with {products} products: {shop.failed(report)}")
    own = report["client"]["secondsAtOwnLimit"]
    if own:
        shop.say(f"with {products} products the simulation was its own limit in {own} s")
    completed = report["seconds"]["orders"]["COMPLETED"][:given.seconds]
    return (completed[-1] - completed[WARM - 1]) / (len(completed) - WARM)


if __name__ == "__main__":
    shop.play(main)
