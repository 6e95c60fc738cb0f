"""One headless Chromium for all tests of the pages, and a Troupe whose catalogue is seeded.

The pages are looked at as a reader does: by what stands there. A test fails when the browser's
console holds an error that it has not expected."""

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def pytest_collection_modifyitems(items):
    """Without a browser there is nothing to test: ./test --all installs one."""
    missing = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    missing += [] if importlib.util.find_spec("selenium") else ["python3-selenium"]
    for item in items if missing else []:
        if Path(__file__).parent in Path(item.fspath).parents:
            item.add_marker(pytest.mark.skip(reason=f"not installed: {', '.join(missing)}"))


@pytest.fixture(scope="session")
def browser(folder):
    from browser import Browser  # needs selenium
    started = Browser(folder / "chromium")
    yield started
    started.end()


@pytest.fixture(scope="session")
def screenshots():
    """The folder that they go to."""
    made = Path(os.environ.get("TROUPE_SCREENSHOTS") or ROOT / "build/screenshots")
    made.mkdir(parents=True, exist_ok=True)
    return made


@pytest.fixture(scope="session", autouse=True)
def catalogue(instance):
    """The products of the seed, before any test has made one: only an empty catalogue is filled."""
    instance.start()
    subprocess.run([instance.binary, "migrate", "--seed"], cwd=instance.folder, check=True,
                   env=instance.environment({}), capture_output=True)


@pytest.fixture
def shop(browser, instance):
    """The browser, with nothing kept from earlier tests, before a running shop with its products."""
    instance.running()
    browser.begin(f"http://127.0.0.1:{instance.ports['gateway']}")
    yield browser
    browser.driver.get("about:blank")  # what the page still asks for ends with it
    assert browser.complaints() == []
