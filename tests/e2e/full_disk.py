"""A disk that is full when a test says so."""

import contextlib
import os
import subprocess
from pathlib import Path

SIZE = 768 << 20


def disk_for(folder):
    """For a server in `folder` that is started with its `environment`. A small file system, where
    one may be mounted; else the server itself is told that there is no room."""
    return SmallDisk(folder) if may_mount() else RefusingDisk(folder)


def may_mount():
    """Tried where nobody sees it: in a mount namespace of the trial's own."""
    return subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"],
                          stderr=subprocess.DEVNULL, timeout=10).returncode == 0


class SmallDisk:
    """A tmpfs, which the server's guard (postgres.py) mounts and unmounts; what is left of it goes
    to one big file."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {"SMALL_DISK": str(SIZE)}

    @contextlib.contextmanager
    def full(self):
        assert os.path.ismount(self.folder)
        ballast = self.folder / "ballast"
        try:
            with open(ballast, "wb") as file:
                while left := self.room():
                    with contextlib.suppress(OSError):  # the server was quicker
                        os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), left)
            yield
        finally:
            ballast.unlink()

    def room(self):
        now = os.statvfs(self.folder)
        return now.f_bavail * now.f_frsize


class RefusingDisk:
    """full_disk.cpp, built and loaded into the server."""

    def __init__(self, folder):
        library = folder.with_name("full_disk.so")
        subprocess.run(["c++", "-shared", "-fPIC", "-O1", "-o", library,
                        Path(__file__).with_suffix(".cpp"), "-ldl"], check=True, timeout=60)
        self.mark = folder.with_name("full")
        self.environment = {"LD_PRELOAD": str(library), "FULL_DISK": str(self.mark)}

    @contextlib.contextmanager
    def full(self):
        self.mark.touch()
        try:
            yield
        finally:
            self.mark.unlink()
