"""A hundred orders on their way while Troupe is ended, killed, or cut from its databases."""

import threading

import pytest

from shoppers import Shoppers


def test_sigterm_ends_in_order_and_a_start_goes_on(troupe):
    shoppers = Shoppers(troupe)
    code, seconds = shoppers.while_running(troupe.stop)
    assert code == 0 and seconds < 10, (code, seconds)
    troupe.start()
    shoppers.must_all_end_well()


def test_kill_and_start(troupe):
    shoppers = Shoppers(troupe)
    shoppers.while_running(troupe.kill)
    troupe.start()
    shoppers.must_all_end_well()


def test_an_idle_instance_stops_at_once(troupe):
    code, seconds = troupe.stop()
    assert code == 0 and seconds < 5, (code, seconds)


def test_sessions_ended_under_load(troupe):
    shoppers = Shoppers(troupe)
    ended = shoppers.while_running(troupe.db.end_sessions_of_troupe)
    assert ended >= 5
    shoppers.must_all_end_well()
    assert troupe.process.poll() is None


@pytest.mark.parametrize("rounds", [3])
def test_sessions_ended_again_and_again(troupe, rounds):
    shoppers = Shoppers(troupe)

    def end_all():
        pause = threading.Event()
        for _ in range(rounds):
            troupe.db.end_sessions_of_troupe()
            pause.wait(shoppers.random.uniform(0.05, 0.5))  # how long it may recover is the fault
    shoppers.while_running(end_all)
    shoppers.must_all_end_well()
