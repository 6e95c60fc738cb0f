"""A disk that is full when a test says so: full_disk.cpp, built and loaded into a server."""

import contextlib
import subprocess
from pathlib import Path


class Disk:
    """For a program that is started with `environment`. `folder` must be open to its user."""

    def __init__(self, folder):
        library = folder / "full_disk.so"
        subprocess.run(["c++", "-shared", "-fPIC", "-O1", "-o", library,
                        Path(__file__).with_suffix(".cpp"), "-ldl"], check=True, timeout=60)
        self.mark = folder / "full"
        self.environment = {"LD_PRELOAD": str(library), "FULL_DISK": str(self.mark)}

    @contextlib.contextmanager
    def full(self):
        self.mark.touch()
        try:
            yield
        finally:
            self.mark.unlink()
