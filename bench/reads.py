#!/usr/bin/python3 -B
"""Requests per second of GET /orders/:id ÷ those of plain cpp-httplib with 64 threads that answers
"hello world": the same load generator (wrk, one thread), the same kept connections, in turns."""

import contextlib
import subprocess
from statistics import median

import shop


@contextlib.contextmanager
def hello(program):
    """The address of the other server."""
    with subprocess.Popen([program], stdout=subprocess.PIPE, text=True,
                          preexec_fn=shop.die_with_parent) as server:
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


def main():
    parser = shop.flags(__doc__)
    parser.add_argument("--hello", help="the other server (default: %(default)s)",
                        default=shop.ROOT / "build/release/bench/hello_bench")
    parser.add_argument("--orders", type=int, default=100, help="asked for in turn")
    parser.add_argument("--connections", type=int, default=64,
                        help="more than 64 the other server would never serve")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of each server in each round")
    given = parser.parse_args()
    with shop.running(given.binary, {"TROUPE_ORDERS_IDLE_MS": "3600000"}) as troupe:
        orders = shop.place_orders(troupe, troupe.new_product(stock=given.orders),
                                   ["reader"] * given.orders)
        with hello(given.hello) as other:
            measure(given, shop.gateway(troupe), [f"/orders/{order}" for order in orders], other)


def measure(given, troupe, paths, other):
    def load(url, asked):
        return shop.wrk(url, "get_paths.lua", given.seconds, given.connections, asked)
    load(other, ["/hello"]), load(troupe, paths)  # warm
    ratios = []
    for _ in range(given.rounds):
        plain, reads = load(other, ["/hello"]), load(troupe, paths)
        ratios.append(reads["perSecond"] / plain["perSecond"])
        shop.say(f"hello world {line(plain)}; GET /orders/:id {line(reads)}; ratio {ratios[-1]:.2f}")
    shop.say(f"GET /orders/:id ÷ hello world: {median(ratios):.2f} (median of {len(ratios)},"
             f" {min(ratios):.2f} to {max(ratios):.2f})")


def line(seen):
    return (f"{seen['perSecond']:.0f}/s, p50 {seen['p50Us'] / 1000:.2f} ms,"
            f" p99 {seen['p99Us'] / 1000:.2f} ms, {seen['failed']} failed")


if __name__ == "__main__":
    shop.play(main)
