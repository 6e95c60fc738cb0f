"""The program's own manners: its configuration, its ports, its admin."""

import subprocess

import pytest

import audit


def run(troupe, command, settings=(), config=None, folder=None):
    """Runs it until it ends by itself."""
    arguments = [troupe.binary, command]
    if config is not None:
        file = folder / "config.toml"
        file.write_text(config)
        arguments += ["--config", str(file)]
    return subprocess.run(arguments, env=troupe.environment(dict(settings)), cwd=folder,
                          capture_output=True, text=True, timeout=30)


def test_every_mistake_is_named_with_its_place(instance, tmp_path):
    done = run(instance, "serve", {"TROUPE_PAYMENT_TRIES": "many", "TROUPE_LOG_LEVEL": "loud",
                                   "TROUPE_SERVER_GATEWAY_PROT": "1"}, """[server]
order_port = 70000
unknown = 1

[kafka]
partitions = "three"

[nothing]
""", tmp_path)
    assert done.returncode == 2
    file = tmp_path / "config.toml"
    for mistake in (f"{file}:2: server.order_port", f"{file}:3: server.unknown",
                    f"{file}:6: kafka.partitions", f"{file}:8: nothing", "TROUPE_PAYMENT_TRIES",
                    "TROUPE_LOG_LEVEL", "TROUPE_SERVER_GATEWAY_PROT"):
        assert mistake in done.stderr, (mistake, done.stderr)


def test_what_cannot_be_served_is_named(instance, tmp_path):
    empty = {name: "" for name in instance.base if name.startswith("TROUPE_DATABASES")}
    done = run(instance, "serve", {**empty, "TROUPE_KAFKA_BROKERS": "",
                                   "TROUPE_SERVER_BIND": "0.0.0.0"}, folder=tmp_path)
    assert done.returncode == 2
    for key in ("databases.orders", "databases.payments", "databases.inventory",
                "databases.emailing", "kafka.brokers", "admin.token", "payment.gateway"):
        assert key in done.stderr, (key, done.stderr)


@pytest.mark.parametrize("config", ["[server", "server = 1"])
def test_a_file_that_cannot_be_read_is_named(instance, tmp_path, config):
    done = run(instance, "serve", {}, config, tmp_path)
    assert done.returncode == 2 and "config.toml:1" in done.stderr, done


def test_an_occupied_port_is_named_and_nobody_is_disturbed(troupe, client, tmp_path):
    order = client.new_order(troupe.new_product())
    done = run(troupe, "serve", folder=tmp_path)
    assert done.returncode not in (0, 2)
    said = done.stdout + done.stderr
    assert "server.order_port" in said and "Address already in use" in said, said
    assert client.pay(order).json["success"] is True
    client.await_order(order, "CONFIRMED")


def test_migrating_again_changes_nothing(troupe, tmp_path):
    audit.await_sound(troupe)
    before = troupe.db.digest_at_rest()
    assert run(troupe, "migrate", folder=tmp_path).returncode == 0
    assert troupe.db.digest() == before


def test_admin_routes_ask_for_the_token(instance):
    instance.running({"TROUPE_ADMIN_TOKEN": "secret-1"})
    anybody, admin = instance.client(), instance.client(token="secret-1")
    order = anybody.new_order(instance.new_product())
    anybody.pay(order)
    anybody.await_order(order, "CONFIRMED")
    routes = [("GET", "/inventory"), ("GET", "/analytics/orders"),
              ("PATCH", f"/orders/{order}/dispatch"), ("PATCH", f"/orders/{order}/deliver")]
    for method, path in routes:
        for client in (anybody, instance.client(token="secret-2"), instance.client(token="")):
            refused = client.ask(method, path)
            assert refused.status == 401, (path, refused)
            assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert anybody.order(order)["status"] == "CONFIRMED"
    for method, path in routes:
        assert admin.ask(method, path).status == 200, path
    assert anybody.order(order)["status"] == "COMPLETED"
