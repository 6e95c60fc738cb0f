"""One Kafka, five databases and one long-lived Troupe for all tests. `troupe` gives it running with
the common settings; a test that needs others asks for them with `running`, the next gets it back."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

import described
import events
from broker import Broker
from instance import Databases, Troupe


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes; only ./test --all runs it")


def needed(variable):
    value = os.environ.get(variable)
    assert value, f"{variable} is not set; ./test sets it"
    return value


@pytest.fixture(scope="session")
def folder():
    made = Path(tempfile.mkdtemp(prefix="troupe-e2e."))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def broker(folder):
    started = Broker(folder / "kafka")
    yield started
    try:
        events.hold_all(started)
    finally:
        started.end()


@pytest.fixture(scope="session")
def databases():
    made = Databases(needed("TROUPE_TEST_PG"))
    yield made
    made.drop()


@pytest.fixture(scope="session")
def instance(folder, broker, databases):
    made = Troupe(needed("TROUPE_BINARY"), databases, broker.address, folder)
    yield made
    made.end()


@pytest.fixture
def troupe(instance):
    instance.running()
    return instance


@pytest.fixture
def other(instance, databases, tmp_path):
    """A process of its own beside the long-lived one, which it must not meet: no Kafka is there."""
    made = Troupe(instance.binary, databases, "127.0.0.1:1", tmp_path)
    yield made
    made.end()


@pytest.fixture
def client(troupe):
    return troupe.client()


@pytest.fixture(autouse=True)
def as_described():
    """Every answer that the test gets is as docs/openapi.yaml says."""
    described.complaints.clear()
    yield
    if described.complaints:
        pytest.fail("not as docs/openapi.yaml says:\n" + "\n".join(described.complaints[:5]), False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure shows the end of Troupe's log."""
    report = (yield).get_result()
    made = getattr(item, "funcargs", {}).get("instance")
    if made is not None and report.failed:
        report.sections.append(("the end of troupe's log", "\n".join(made.log().splitlines()[-40:])))
