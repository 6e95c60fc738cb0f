"""No secret is printed or answered, whatever fails; and each may stand in a file of its own."""

import os
import secrets
import subprocess

import psycopg2.extensions
import pytest

from client import until
from guarded import ROOT
from instance import DATABASES, Databases, free_ports

LOUD = {"TROUPE_LOG_LEVEL": "debug", "TROUPE_KAFKA_OPTIONS_DEBUG": "all"}
SASL = {"TROUPE_KAFKA_OPTIONS_SECURITY_PROTOCOL": "sasl_plaintext",
        "TROUPE_KAFKA_OPTIONS_SASL_MECHANISM": "PLAIN",
        "TROUPE_KAFKA_OPTIONS_SASL_USERNAME": "troupe"}


@pytest.fixture
def foreign(databases):
    """Databases that the long-lived Troupe does not know."""
    made = Databases(databases.server)
    yield made
    made.drop()


class Secrets:
    """Made-up ones, each told apart; `found_in` names those that stand in a text."""

    def __init__(self):
        self.values = {}

    def new(self, name):
        return self.values.setdefault(name, secrets.token_hex(12))

    def away(self, port):
        """Settings of databases where nothing listens, with a password each."""
        return {f"TROUPE_DATABASES_{name.upper()}":
                f"host=127.0.0.1 port={port} user=troupe dbname={name} password={self.new(name)}"
                for name in DATABASES}

    def of(self, databases):
        """Settings of databases that are there, whose password is a secret too."""
        for name, conninfo in databases.conninfo.items():
            self.values[name] = psycopg2.extensions.parse_dsn(conninfo)["password"]
        return {f"TROUPE_DATABASES_{n.upper()}": c for n, c in databases.conninfo.items()}

    def found_in(self, text):
        return [name for name, value in self.values.items() if value in text]


def await_answer(client, path, status):
    """Also while its port is not yet bound."""
    def look():
        try:
            return client.get(path).status == status
        except OSError:
            return False
    until(look)


def answers_of(troupe):
    """Everything that the program says about itself, and refusals, as one text."""
    said = []
    for path in ("/health", "/health/ready", "/metrics", "/inventory", "/products", "/orders",
                 "/orders/c1", "/analytics/orders", "/notifications", "/nowhere"):
        for token in (None, "wrong"):
            answer = troupe.client(token=token, limit=30).get(path)
            said.append(f"{answer.headers}{answer.body.decode(errors='replace')}")
    return "".join(said)


def test_nothing_is_told_of_databases_that_are_away(other):
    made = Secrets()
    port, = free_ports(1)
    other.launch({**LOUD, **SASL, **made.away(port), "TROUPE_ADMIN_TOKEN": made.new("admin"),
                  "TROUPE_KAFKA_OPTIONS_SASL_PASSWORD": made.new("sasl")})
    until(lambda: other.log().count("node.waits") >= 2)
    said = answers_of(other)
    other.stop()
    assert "sasl.password" in other.log()  # librdkafka dumps its configuration, and covers it
    assert made.found_in(other.log() + said) == []


def test_nothing_is_told_while_serving_and_of_a_kafka_that_refuses(other, foreign, broker):
    made = Secrets()
    other.launch({**LOUD, **SASL, **made.of(foreign),
                  "TROUPE_KAFKA_BROKERS": broker.address,
                  "TROUPE_ADMIN_TOKEN": made.new("admin"),
                  "TROUPE_KAFKA_OPTIONS_SASL_PASSWORD": made.new("sasl")})
    await_answer(other.client(), "/products", 200)
    until(lambda: "kafka.unreachable" in other.log() or "kafka.error" in other.log())
    assert other.client(token=made.new("admin")).get("/inventory").status == 200
    said = answers_of(other)
    with foreign.away():
        said += answers_of(other)
    other.stop()
    assert made.found_in(other.log() + said) == []


@pytest.mark.parametrize("command", ["serve", "migrate", "audit", "gateway-sim"])
@pytest.mark.parametrize("conninfo", [
    "host=127.0.0.1 password=hun ter2", "host=127.0.0.1 password='hunter2",
    "postgresql://troupe:hun@ter2@127.0.0.1:1/d", "postgresql://troupe:hun/ter2@127.0.0.1:1/d",
    "postgresql://troupe:hun%ter2@127.0.0.1:1/d",
    "hunter2"])
def test_a_malformed_connection_string_is_named_and_not_quoted(other, command, conninfo):
    settings = {**LOUD, **{f"TROUPE_DATABASES_{name.upper()}": conninfo for name in DATABASES}}
    done = subprocess.run([other.binary, command], env=other.environment(settings),
                          cwd=other.folder, capture_output=True, text=True, timeout=30)
    said = done.stdout + done.stderr
    assert done.returncode in (1, 2), done
    assert "the connection string" in said, said
    assert "ter2" not in said, said


def test_every_secret_may_stand_in_a_file(other, foreign, tmp_path):
    made = Secrets()

    def file(name, text):
        path = tmp_path / name
        path.write_text(text + "\n")
        return str(path)

    settings = {**LOUD, **SASL, "TROUPE_ADMIN_TOKEN_FILE": file("token", made.new("admin")),
                "TROUPE_KAFKA_OPTIONS_SASL_PASSWORD_FILE": file("sasl", made.new("sasl"))}
    for name, conninfo in made.of(foreign).items():
        settings |= {name: "", f"{name}_FILE": file(name, conninfo)}
    other.launch(settings)
    await_answer(other.client(token=made.new("admin")), "/inventory", 200)
    assert other.client().get("/inventory").status == 401
    assert foreign.one("orders", "select count(*) from orders") == 0
    other.stop()
    assert made.found_in(other.log()) == []


def test_run_knows_which_databases_a_file_names(tmp_path):
    """./run starts no PostgreSQL for them, and tells their connection strings."""
    (tmp_path / "orders").write_text("dbname=mine\n")
    script = """source scripts/lib.sh; source scripts/config.sh
                configured databases orders && ! configured databases payments &&
                secret_value databases orders"""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("TROUPE_")}
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True,
                          timeout=10, env={**environment, "TROUPE_DATABASES_ORDERS_FILE":
                                           str(tmp_path / "orders")})
    assert (done.returncode, done.stdout) == (0, "dbname=mine\n"), done
