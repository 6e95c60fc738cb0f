"""The audit as an operator runs it, and as the other tests do: a broken promise is not overlooked."""

import subprocess

import pytest

import audit


@pytest.fixture
def order(troupe, client):
    made = client.new_order(troupe.new_product())
    audit.await_sound(troupe)
    return made


def total_changed_by(troupe, order, cents):
    troupe.db.run("orders", "update orders set total_amount = total_amount + %s where id = %s",
                  (cents, order))


def test_a_broken_promise_is_found_and_only_it(troupe, order):
    total_changed_by(troupe, order, 1)
    try:
        found, = audit.problems(troupe)
        assert found.startswith("1 order-total: 1") and order in found, found
        assert audit.problems(troupe, expected=["order-total"]) == []
        with pytest.raises(AssertionError, match="order-total"):
            audit.await_sound(troupe, limit=1)
    finally:
        total_changed_by(troupe, order, -1)
    assert audit.problems(troupe) == []
    assert audit.problems(troupe, expected=["order-total"]) == ["order-total: nothing found"]


def test_the_audit_says_when_it_cannot_look(troupe):
    for settings in ({"TROUPE_DATABASES_EMAILING": ""},
                     {"TROUPE_DATABASES_ORDERS": "host=127.0.0.1 port=1 dbname=nothing"}):
        done = subprocess.run([troupe.binary, "audit"], cwd=troupe.folder, capture_output=True,
                              env=troupe.environment(settings), text=True, timeout=60)
        assert done.returncode == 2 and "audit:" not in done.stdout, done
        assert done.stderr, done
