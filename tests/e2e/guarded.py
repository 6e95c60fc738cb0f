"""A server of the session's own, run by a shell script that knows how (scripts/), and told what to
do with it line by line.

The script lives as long as its stdin is open: however the tests end, the server ends after them."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Guarded:
    """`script` answers its start, and each line after, with the server's port. `environment` is
    the server's besides ours."""

    def __init__(self, script, folder, environment=None):
        self.guard = subprocess.Popen(
            ["bash", "-ec", script, "guard", str(folder)],
            cwd=ROOT, env={**os.environ, **(environment or {})}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            start_new_session=True)
        self.port = self._answer()

    def _answer(self):
        port = self.guard.stdout.readline().strip()
        assert port, f"{type(self).__name__}'s server did not start"
        return port

    def tell(self, command):
        self.guard.stdin.write(command + "\n")
        self.guard.stdin.flush()
        assert self._answer() == self.port, "the server has moved to another port"

    def stop(self):
        self.tell("stop")

    def start(self):
        """Again, on the same port with all that it had."""
        self.tell("start")

    def end(self):
        self.guard.stdin.close()
        self.guard.wait(timeout=30)
