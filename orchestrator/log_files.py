"""The log files that ``evalctl up`` and engines write on this host: their end, and what follows."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

POLL_S = 0.3
#: Most of a file that is read for its last lines.
TAIL_BYTES = 4 * 1024 * 1024


def last_lines(path: Path, lines: int) -> tuple[list[str], int]:
    """Return the last lines of a file and its size, up to which they reach."""
    with path.open("rb") as log:
        size = log.seek(0, os.SEEK_END)
        log.seek(max(0, size - TAIL_BYTES))
        read = log.read(min(size, TAIL_BYTES)).decode(errors="replace")
    found = read.splitlines()
    return found[-lines:] if lines else [], size


def followed(places: Sequence[tuple[Path, int]]) -> Iterator[tuple[Path, str]]:
    """Yield each line that is written after these places, without end; a shrunk file anew."""
    reached = dict(places)
    begun: dict[Path, str] = {}
    while True:
        for path, before in list(reached.items()):
            text, reached[path] = _since(path, before)
            *whole, begun[path] = (begun.get(path, "") + text).split("\n")
            yield from ((path, line) for line in whole)
        time.sleep(POLL_S)


def _since(path: Path, reached: int) -> tuple[str, int]:
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            begin = log.seek(reached if reached <= size else 0)
            read = log.read()
            return read.decode(errors="replace"), begin + len(read)
    except OSError:
        return "", reached
