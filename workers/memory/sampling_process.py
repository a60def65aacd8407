"""The process that samples memory: commands on stdin, answers on stdout, gone when stdin ends. Imports no engine.

``begin`` is answered by ``{"started_s": ...}``, ``end`` by the samples as well; an unreadable source by ``{"error": ...}``.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from workers.memory.host import HostMemory

ReadMib = Callable[[], float]


def main(arguments: list[str]) -> int:
    """Serve commands until stdin ends. Arguments: period in ms, then ``device UUID`` or ``host PID MARK``."""
    period_s = int(arguments[0]) / 1000
    try:
        with _open(arguments[1:]) as read_mib:
            _serve(read_mib, period_s)
    except (RuntimeError, OSError) as error:
        _answer({"error": str(error)})
        return 1
    return 0


@contextmanager
def _open(source: list[str]) -> Iterator[ReadMib]:
    if source[0] == "device":
        from workers.memory.device import MIB, device_memory  # noqa: PLC0415

        with device_memory(source[1]) as device:
            yield lambda: device.used_bytes() / MIB
    else:
        yield HostMemory(int(source[1]), source[2]).used_mib


def _serve(read_mib: ReadMib, period_s: float) -> None:
    samples: list[float] = []
    started_s = next_s = 0.0
    sampling = False
    while True:
        wait_s = max(0.0, next_s - time.monotonic()) if sampling else None
        if select.select([sys.stdin], [], [], wait_s)[0]:
            command = os.read(sys.stdin.fileno(), 64).strip()
            if not command:
                return
            if command == b"begin":
                samples, started_s, sampling = [read_mib()], time.monotonic(), True
                next_s = started_s + period_s
                _answer({"started_s": started_s})
            elif command == b"end":
                samples.append(read_mib())
                _answer({"started_s": started_s, "ended_s": time.monotonic(), "used_mib": samples})
                sampling = False
            continue
        samples.append(read_mib())
        # A late sample moves the later ones instead of being followed by a burst.
        next_s = max(next_s + period_s, time.monotonic())


def _answer(document: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(document) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
