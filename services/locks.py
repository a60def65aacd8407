"""File locks with a deadline; the kernel drops them when their holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.files import open_private
from services.waiting import wait_until


def try_lock(descriptor: int, kind: int) -> bool:
    """Take ``LOCK_SH`` or ``LOCK_EX`` at once, or return False; a lock held before is then lost."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def exclusive(path: Path, *, timeout_s: float) -> Iterator[None]:
    """Hold an exclusive lock during the body; raise ``TimeoutError`` if others keep it too long."""
    descriptor = open_private(path, os.O_RDWR)
    try:
        if not wait_until(lambda: try_lock(descriptor, fcntl.LOCK_EX), timeout_s):
            who = ", ".join(map(str, holders(path))) or "unknown"
            raise TimeoutError(f"another process (pid {who}) has held {path} for {timeout_s:g} s")
        yield
    finally:
        os.close(descriptor)


def holders(path: Path) -> tuple[int, ...]:
    """Return the pids that Linux reports as holding a lock on ``path``, for messages only."""
    try:
        status = path.stat()
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return ()
    wanted = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    rows = [line.split() for line in lines]
    held = (row for row in rows if len(row) > 5 and row[1] == "FLOCK" and row[5] == wanted)
    return tuple(sorted({int(row[4]) for row in held}))
