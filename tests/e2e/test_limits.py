"""Who asks too often is told so, and so is everybody while there is too much to do."""

import contextlib
import resource
import socket
import threading
import time

import psycopg2

from client import HOST, until


def metric(client, why):
    line = f'troupe_http_refused_total{{why="{why}"}} '
    text = client.get("/metrics").body.decode()
    return next(float(rest.removeprefix(line)) for rest in text.splitlines() if rest.startswith(line))


def check_limited(answer):
    assert (answer.status, answer.code) == (429, "rate_limited"), answer
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_a_user_who_asks_too_often(instance):
    instance.running({"TROUPE_LIMITS_USER_PER_MINUTE": "60", "TROUPE_LIMITS_USER_BURST": "5"})
    client = instance.client(user="often")
    product = instance.new_product()
    before = instance.db.digest_at_rest()
    answers = [client.get("/orders") for _ in range(20)]
    refused = [a for a in answers if a.status != 200]
    # Five at once, and one a second, should the machine be slow.
    assert 10 <= len(refused) <= 15, answers
    for answer in refused:
        check_limited(answer)
    late = client.place(product)
    if late.status != 201:
        check_limited(late)
        assert instance.db.digest() == before
    assert instance.client(user="seldom").place(product).status == 201
    assert client.get("/products").status == 200  # acts as nobody
    assert metric(client, "rate_user") >= len(refused)
    until(lambda: client.get("/orders").status == 200)


def test_an_address_that_asks_too_often(instance):
    instance.running({"TROUPE_LIMITS_ADDRESS_PER_MINUTE": "6", "TROUPE_LIMITS_ADDRESS_BURST": "10",
                      "TROUPE_SERVER_TRUSTED_PROXIES": "127.0.0.1,10.0.0.0/8"})
    client = instance.client("order")

    def ask(forwarded, user="ada"):
        return client.get("/orders", user=user, headers={"X-Forwarded-For": forwarded})

    answers = [ask("192.0.2.1", user=f"u{i}") for i in range(20)]
    assert [a.status for a in answers[:10]] == [200] * 10
    assert [a.status for a in answers].count(429) >= 9
    check_limited(answers[-1])
    # What the client wrote itself stands further left, and helps nothing.
    check_limited(ask("198.51.100.7, 192.0.2.1, 10.1.1.1"))
    assert ask("192.0.2.1, 192.0.2.2").status == 200
    assert ask(None).status == 200
    check_limited(instance.client("gateway").get("/products", headers={"X-Forwarded-For": "192.0.2.1"}))
    for _ in range(30):
        assert client.get("/health/live", headers={"X-Forwarded-For": "192.0.2.1"}).status == 200
    assert metric(client, "rate_address") >= 11


def test_without_trusted_proxies_forwarded_addresses_mean_nothing(instance):
    instance.running({"TROUPE_LIMITS_ADDRESS_PER_MINUTE": "6", "TROUPE_LIMITS_ADDRESS_BURST": "30"})
    answers = [instance.client().get("/products", headers={"X-Forwarded-For": f"192.0.2.{i}",
                                                           "Forwarded": f"for=192.0.2.{i}"})
               for i in range(50)]
    assert [a.status for a in answers].count(429) >= 15


@contextlib.contextmanager
def locked(instance, database, table):
    """Whoever reads the table waits."""
    connection = psycopg2.connect(instance.db.conninfo[database])
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"lock table {table} in access exclusive mode")
        yield
    finally:
        connection.close()


def test_past_the_number_in_flight_the_answer_is_503_at_once(instance):
    instance.running({"TROUPE_SERVER_MAX_IN_FLIGHT": "3"})
    client = instance.client()
    before = metric(client, "in_flight")
    answers = []

    def ask():
        began = time.monotonic()
        answers.append((client.get("/orders"), time.monotonic() - began))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    with locked(instance, "orders", "orders"):
        for thread in threads:
            thread.start()
        until(lambda: len(answers) >= 9)
        for answer, took in answers:
            assert (answer.status, answer.code) == (503, "busy"), answer
            assert int(answer.headers["Retry-After"]) >= 1
            assert took < 1
        assert client.get("/products").status == 200  # another line
        assert client.get("/health/live").status == 200
    for thread in threads:
        thread.join()
    assert sorted(a.status for a, _ in answers) == [200] * 3 + [503] * 9
    assert metric(client, "in_flight") == before + 9
    assert client.get("/orders").status == 200


@contextlib.contextmanager
def few_open_files(count):
    """Of us and of what we start, unless it raises its own limit."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_connections_are_not_bound_by_the_shells_limit_of_open_files(instance):
    with few_open_files(256):
        instance.running({"TROUPE_SERVER_MAX_CONNECTIONS": "1000"})
    with contextlib.ExitStack() as kept:
        for _ in range(400):
            connection = kept.enter_context(
                socket.create_connection((HOST, instance.ports["gateway"]), timeout=10))
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
