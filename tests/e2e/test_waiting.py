"""Clients that wait: long-polls, and streams of orders and of notifications, on the real program."""

import re
import resource
import threading
import time

import pytest

from client import until
from streams import notices, order_stream, poll

CROWD = 2000  # of each kind
USERS = 20


def threads_of(troupe):
    with open(f"/proc/{troupe.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"^Threads:\s+(\d+)", status.read(), re.M)[1])


def waiting(troupe, kind):
    found = re.search(rf'^troupe_http_waiting{{kind="{kind}"}} (\d+)',
                      troupe.client().get("/metrics").body.decode(), re.M)
    return int(found[1])


def add_notices(troupe, user, count, size):
    """Straight into the database, as if they had been committed long ago."""
    troupe.db.run("emailing", "insert into notifications (id, user_id, type, title, message,"
                  " event_source, event_id) select 'c' || lpad(%s || n, 24, '0'), %s, 'ORDER', 'Old',"
                  " repeat('x', %s), 'test', %s || n from generate_series(1, %s) n",
                  (user, user, size, user, count))


def test_a_change_reaches_a_long_poll_and_a_stream_at_once(troupe, client):
    order = client.new_order(troupe.new_product(), user="wanda")
    stream = order_stream(troupe, order, "wanda").opened()
    name, version, now = stream.event()
    assert (name, version, now["status"]) == ("order", 1, "CREATED")
    waiter = poll(troupe, order, "wanda", version)
    until(lambda: waiting(troupe, "order_poll") == 1)
    assert client.post(f"/orders/{order}/cancel", user="wanda").status == 200
    began = time.monotonic()
    answer = waiter.answer()
    assert answer.status == 200 and answer.json["status"] == "CANCELLED", answer
    assert answer.headers["Preference-Applied"] == "wait=30"
    name, version, now = stream.event()
    assert (version, now["status"]) == (2, "CANCELLED")
    assert now == client.order(order, user="wanda")
    stream.await_end()
    assert time.monotonic() - began < 2
    assert poll(troupe, order, "wanda", 2, wait=1).answer().status == 304


def test_a_whole_walk_is_streamed_and_resumed(troupe, client):
    order = client.new_order(troupe.new_product(), user="walt")
    stream = order_stream(troupe, order, "walt").opened()
    assert client.pay(order, user="walt").status == 200
    seen = [stream.event()[2]["status"]]
    while seen[-1] != "CONFIRMED":
        seen.append(stream.event()[2]["status"])
    assert seen == ["CREATED", "PAYMENT_PENDING", "PAYMENT_SUCCESS", "CONFIRMED"]
    stream.close()
    resumed = order_stream(troupe, order, "walt", headers={"Last-Event-ID": "4"}).opened()
    assert client.patch(f"/orders/{order}/dispatch", {}).status == 200
    assert client.patch(f"/orders/{order}/deliver").status == 200
    assert [resumed.event()[1], resumed.event()[1]] == [5, 6]
    resumed.await_end()
    assert order_stream(troupe, order, "eve").answer().code == "not_found"


def test_notifications_are_streamed_and_resumed_exactly(troupe, client):
    product = troupe.new_product()
    live = notices(troupe, "nora").opened()
    orders = [client.new_order(product, user="nora") for _ in range(10)]
    seen = [live.event() for _ in orders]
    assert all(name == "notification" for name, _, _ in seen)
    assert sorted(n["orderId"] for _, _, n in seen) == sorted(orders)
    live.close()
    for order in orders:
        assert client.post(f"/orders/{order}/cancel", user="nora").status == 200
    resumed = notices(troupe, "nora", seen=seen[4][1]).opened()
    rest = [resumed.event() for _ in range(15)]
    assert rest[:5] == seen[5:]
    assert sorted(n["orderId"] for _, _, n in rest[5:]) == sorted(orders)
    ids = [seq for _, seq, _ in seen + rest[5:]]
    assert ids == sorted(set(ids))


def test_thousands_wait_and_hold_no_thread(troupe, client):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    product = troupe.new_product()
    users = [f"crowd-{n}" for n in range(USERS)]
    orders = {user: client.new_order(product, user=user) for user in users}
    for user in users:  # so that "Order received" is told before anybody waits
        until(lambda: client.get("/notifications", user=user).json)
    before = threads_of(troupe)
    each = [user for user in users for _ in range(CROWD // USERS)]
    streams = [(order_stream(troupe, orders[user], user), user) for user in each]
    notified = [(notices(troupe, user), user) for user in each]
    polls = [(poll(troupe, orders[user], user, 1, wait=60), user) for user in each]
    for stream, _ in streams:
        assert stream.opened().event()[1] == 1
    for stream, _ in notified:
        stream.opened()
    for kind in ("order_poll", "order_stream", "notification_stream"):
        until(lambda: waiting(troupe, kind) == CROWD)
    assert threads_of(troupe) == before
    refused = poll(troupe, orders[users[0]], users[0], 1).answer()
    assert refused.code == "busy" and "Retry-After" in refused.headers, refused
    for user in users:
        assert client.post(f"/orders/{orders[user]}/cancel", user=user).status == 200
    for stream, user in polls:
        answer = stream.answer()
        assert answer.status == 200 and answer.json["version"] == 2, (user, answer)
    for stream, _ in streams:
        assert stream.event()[1] == 2
        stream.await_end()
    for stream, user in notified:
        assert stream.event()[2]["orderId"] == orders[user]
    assert threads_of(troupe) == before
    for stream, _ in streams + notified + polls:
        stream.close()
    for kind in ("order_poll", "order_stream", "notification_stream"):
        until(lambda: waiting(troupe, kind) == 0)


@pytest.mark.long
def test_a_reader_that_stands_still_is_cut_off_and_others_go_on(troupe, client):
    add_notices(troupe, "slow", 500, 4000)
    stuck = notices(troupe, "slow", seen=0, receive_buffer=4096)
    brisk = notices(troupe, "slow", seen=0).opened()
    began = time.monotonic()
    assert len([brisk.event() for _ in range(500)]) == 500
    fresh = client.new_order(troupe.new_product(), user="slow")
    assert brisk.event()[2]["orderId"] == fresh
    until(lambda: 'troupe_http_streams_cut_off_total{server="emailing"} 1'
          in client.get("/metrics").body.decode(), limit=60)
    assert time.monotonic() - began >= 25  # the time that a client has for 16 KiB
    until(lambda: waiting(troupe, "notification_stream") == 1)  # the brisk one
    read = 0
    with pytest.raises((AssertionError, ConnectionError)):
        while True:
            stuck.event()
            read += 1
    assert 0 < read < 250  # the rest was never held for it
    brisk.close()
    # No e-mail belongs to them: an audit would miss it.
    troupe.db.run("emailing", "delete from notifications where event_source = 'test'")


def test_the_end_lets_all_who_wait_go(instance, client):
    troupe = instance
    order = client.new_order(troupe.new_product(), user="tess")
    stream = order_stream(troupe, order, "tess").opened()
    stream.event()
    told = notices(troupe, "tess").opened()
    waiter = poll(troupe, order, "tess", 1)
    until(lambda: waiting(troupe, "order_poll") == 1)
    ended = []
    ending = threading.Thread(target=lambda: ended.extend(troupe.stop()))
    ending.start()
    stream.await_end(limit=10)
    told.read_to("0\r\n\r\n", limit=10)
    assert waiter.answer(limit=10).status == 304
    for each in (stream, told, waiter):
        each.close()
    ending.join()
    code, seconds = ended
    assert code == 0 and seconds < 10
