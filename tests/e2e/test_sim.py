"""`troupe sim` against a running Troupe: it passes an honest one, and is not to be fooled."""

import re
import subprocess
from pathlib import Path

import pytest

import audit
from client import until
from simulation import counts, end, run_name, start

BRIEF = ["smoke", "--duration", "1", "--seed", "1"]
FLASH_SALE = Path(__file__).resolve().parents[2] / "sim/scenarios/flash-sale.toml"


def sim(troupe, *arguments, settings=()):
    return end(start([troupe], *arguments, settings=settings))


@pytest.fixture
def forgetful(instance):
    """Orders leave memory at once: what is read of them is what the database holds."""
    instance.running({"TROUPE_ORDERS_IDLE_MS": "100"})
    return instance


def test_smoke_passes(troupe, tmp_path):
    code, said = sim(troupe, "smoke", "--seed", "1", "--report", str(tmp_path), "--duration", "6")
    assert code == 0, said
    orders, users, violations = counts(said)
    assert orders > 20 and users >= orders // 2 and violations == 0, said
    assert "seed 1" in said and "nothing found" in said
    assert (tmp_path / "report.json").stat().st_size and (tmp_path / "report.html").stat().st_size


def test_a_flash_sale_sells_what_there_is(troupe, tmp_path):
    small = tmp_path / "small.toml"
    small.write_text(FLASH_SALE.read_text().replace("stock = 500", "stock = 40"))
    run = start([troupe], str(small), "--customers", "80", "--duration", "6", "--settle", "20",
                "--seed", "7")
    name = run_name(run)
    code, said = end(run)
    assert code == 0, said
    assert troupe.stock_of(f"sim-{name}-p1") == (0, 0, 40), said


# What is done behind Troupe's back to the first order of a run that is found, how it is undone, and
# the promise that it breaks.
PLANTED = {
    "order changed": ("orders", "update order_items set quantity = quantity + 1 where order_id = %s",
                      "update order_items set quantity = quantity - 1 where order_id = %s"),
    "missing notification": (
        "emailing", "update notifications set user_id = 'x-' || user_id where order_id = %s",
        "update notifications set user_id = substr(user_id, 3) where order_id = %s"),
    "double notification": (
        "emailing", """insert into notifications
            (id, user_id, type, title, message, order_id, event_source, event_id)
            select 'x' || substr(id, 2), user_id, type, title, message, order_id, 'planted', id
              from notifications where order_id = %s""",
        "delete from notifications where event_source = 'planted' and order_id = %s"),
}


@pytest.mark.parametrize("promise", PLANTED)
def test_what_is_changed_behind_troupes_back_is_found(forgetful, promise):
    database, change, undo = PLANTED[promise]
    run = start([forgetful], "smoke", "--no-audit", "--duration", "4", "--settle", "2",
                "--seed", "7")
    user = f"sim-{run_name(run)}-%"
    told = """select order_id from notifications where user_id like %s
               group by order_id having count(*) >= 3 limit 1"""
    order, = until(lambda: forgetful.db.run("emailing", told, (user,)))[0]
    assert forgetful.db.run(database, change, (order,)) > 0
    try:
        code, said = end(run)
    finally:
        forgetful.db.run(database, undo, (order,))
    assert code == 1, said
    assert re.search(rf"VIOLATION {promise}.*{order}", said), said
    assert "we have seen: CREATED" in said and "the server: version" in said
    audit.await_sound(forgetful)


def test_the_audit_counts(troupe, client):
    order = client.new_order(troupe.new_product())
    audit.await_sound(troupe)
    change = "update orders set total_amount = total_amount + %s where id = %s"
    troupe.db.run("orders", change, (1, order))
    try:
        code, said = sim(troupe, *BRIEF, "--settle", "8")
    finally:
        troupe.db.run("orders", change, (-1, order))
    assert code == 1 and "0 violations" in said and "order-total" in said, said


def test_without_the_databases_it_does_not_pass(troupe):
    nowhere = {f"TROUPE_DATABASES_{name.upper()}": "" for name in troupe.db.names}
    code, said = sim(troupe, *BRIEF, settings=nowhere)
    assert code == 1 and "audit: not run" in said and "0 violations" in said, said
    code, said = sim(troupe, *BRIEF, "--no-audit", settings=nowhere)
    assert code == 0, said


def test_an_interrupt_ends_it_early_with_the_verdict(troupe):
    run = start([troupe], "steady", "--speed", "10", "--seed", "3")
    name = run_name(run)
    until(lambda: troupe.db.run("orders", "select 1 from orders where user_id like %s limit 1",
                                (f"sim-{name}-%",)))
    run.send_signal(2)
    code, said = end(run)
    assert code == 0 and "ended early" in said and counts(said)[0] > 0, said


def test_wrong_usage_is_named(instance, tmp_path):
    scenario = tmp_path / "mine.toml"
    scenario.write_text('[load]\nrate = 3\nduration_s = "long"\n\n[customers]\ndecline_percent = 101\n')
    for arguments, mistakes in {
            (str(scenario),): (f"{scenario}:2: load.rate", f"{scenario}:3: load.duration_s",
                               f"{scenario}:6: customers.decline_percent"),
            ("nothing",): ("nothing: neither a file nor one of", "flash-sale"),
            ("smoke", "--rate", "5", "--customers", "5"): ("--rate, --customers",),
            ("smoke", "--url", "http://a", "--url", "http://b,http://A:80"): (
                "http://A:80 is named twice",),
            ("smoke", "--url", "127.0.0.1:3000"): ('http://host:port, not "127.0.0.1:3000"',),
            ("smoke", "--speed", "0"): ("--speed",),
            ("smoke", "--speed", "fast"): ("--speed",),
            ("smoke", "--admin-token-file", str(tmp_path / "none")): ("--admin-token-file",),
            (): ("scenario",)}.items():
        code, said = sim(instance, *arguments)
        assert code == 2, (arguments, said)
        for mistake in mistakes:
            assert mistake in said, (arguments, said)


@pytest.mark.parametrize("urls", ["http://127.0.0.1:9", "http://127.0.0.1:9,http://127.0.0.1:10"])
def test_a_server_that_is_not_there_is_named(instance, urls):
    run = subprocess.run([instance.binary, "sim", "smoke", "--url", urls],
                         env=instance.environment({}), cwd=instance.folder, text=True,
                         capture_output=True, timeout=30)
    assert run.returncode == 2 and f"{urls} cannot be used" in run.stderr, run
