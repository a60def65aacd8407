"""Answers of a child process, one line each, waited for no longer than a deadline."""

from __future__ import annotations

import os
import select
import time
from typing import IO


def read_line(stdout: IO[bytes], within_s: float) -> bytes | None:
    """Return the next line of a child's pipe, ``b""`` where it ended, None where none came in time.

    Reads from the descriptor: ``stdout`` must be unbuffered or read by this function alone, and the
    child must write no line before the one before is read.
    """
    deadline_s, line = time.monotonic() + within_s, b""
    while not line.endswith(b"\n"):
        if not select.select([stdout], [], [], max(0.0, deadline_s - time.monotonic()))[0]:
            return None
        piece = os.read(stdout.fileno(), 1 << 16)
        if not piece:
            return b""
        line += piece
    return line
