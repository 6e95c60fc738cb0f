"""axe-core looks for what keeps people out; from npm, which checks what it fetches, once a cache."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

VERSION = "4.14.1"
ROOT = Path(__file__).resolve().parents[3]


def source():
    """The script's text; the test is skipped where it cannot be had."""
    cache = Path(os.environ.get("TROUPE_CACHE") or ROOT / ".cache")
    script = cache / f"axe-core-{VERSION}/package/axe.min.js"
    if not script.exists():
        fetch(script.parent.parent)
    return script.read_text(encoding="utf-8")


def fetch(folder):
    if not shutil.which("npm"):
        pytest.skip("npm is not there to fetch axe-core")
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["npm", "pack", "--silent", f"axe-core@{VERSION}"], cwd=folder, text=True,
                          capture_output=True, timeout=120)
    if done.returncode != 0:
        pytest.skip(f"npm could not fetch axe-core: {done.stderr.strip()[-200:]}")
    subprocess.run(["tar", "xzf", f"axe-core-{VERSION}.tgz", "package/axe.min.js"], cwd=folder, check=True)


def findings(browser, rules=None):
    """A line for each serious one of the page that is open; of all rules, or of those named."""
    if rules == []:
        return []
    if not browser.driver.execute_script("return Boolean(window.axe)"):
        browser.driver.execute_script(source())
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    found = browser.driver.execute_async_script(
        "axe.run(document, arguments[0]).then(arguments[arguments.length - 1])", options)
    return [f"{one['id']}: {one['help']}: {node['target']} {node.get('failureSummary', '')}"
            for one in found["violations"] if one["impact"] in ("serious", "critical")
            for node in one["nodes"]]
