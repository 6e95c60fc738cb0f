"""schemathesis makes requests of docs/openapi.yaml, good and bad ones, and holds the answers to it."""

import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TOKEN = "schema-token"


@pytest.mark.long
def test_schemathesis_finds_nothing(instance, tmp_path):
    program = os.environ.get("TROUPE_SCHEMATHESIS")
    assert program, "TROUPE_SCHEMATHESIS is not set; ./test --all sets it"
    instance.running({"TROUPE_ADMIN_TOKEN": TOKEN})
    done = subprocess.run(
        [program, "--config-file", HERE / "schemathesis.toml", "run", "--no-color",
         "--continue-on-failure", f"http://127.0.0.1:{instance.ports['gateway']}/openapi.yaml"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": str(HERE), "TROUPE_ADMIN_TOKEN": TOKEN,
             "TROUPE_SCHEMATHESIS_PRODUCT": instance.new_product(stock=1_000_000_000)})
    print(done.stdout)
    assert done.returncode == 0, done.stderr
