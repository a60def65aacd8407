"""Processes that carry a variable in their environment: found by it, and ended for certain.

Imports the standard library alone, since the orphan reaper must start in some 20 ms.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

#: Carried by every process that a worker starts; its value names the worker.
MARK_VARIABLE = "EVALCTL_WORKER"
#: Carried by the processes of one engine; its value names the engine.
TOKEN_VARIABLE = "EVALCTL_ENGINE"  # noqa: S105  (a mark, not a secret)
AGAIN_AFTER_S = 0.05

_PROC = Path("/proc")


def pids() -> list[int]:
    """Return the pid of every process that can be seen from here."""
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]


def stat(pid: int) -> list[str] | None:
    """Return the fields of ``/proc/PID/stat`` from the state on; the start time is at 19."""
    try:
        return (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None


def variables(pid: int) -> Mapping[str, str]:
    """Return the environment at a process's start; empty for a zombie or where unreadable."""
    try:
        pairs = (_PROC / str(pid) / "environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return {}
    return {name: value for name, found, value in (pair.partition("=") for pair in pairs) if found}


def carries(pid: int, values: Mapping[str, str]) -> bool:
    """Return whether another process than this one has all of these values in its environment."""
    if pid == os.getpid():
        return False
    found = variables(pid)
    return all(found.get(name) == value for name, value in values.items())


def kill(pid: int, belongs: Callable[[int], bool]) -> bool:
    """Kill a process if it belongs (a descriptor pins the pid that was checked); return whether."""
    with contextlib.suppress(OSError):
        descriptor = os.pidfd_open(pid)
        try:
            if belongs(pid):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                return True
        finally:
            os.close(descriptor)
    return False


def kill_all(
    belongs: Callable[[int], bool],
    within_s: float,
    *,
    clean_rounds: int = 1,
    spared: Iterable[int] = (),
) -> bool:
    """Kill all processes that belong until none is left; return whether that came true in time.

    None must be found in ``clean_rounds`` rounds in a row: children may still be forked while their
    parents die. Processes are not waited for, which would take their exit status from their
    parents.
    """
    deadline_s, clean = time.monotonic() + within_s, 0
    while True:
        found = [pid for pid in pids() if pid not in spared and belongs(pid)]
        for pid in found:
            kill(pid, belongs)
        clean = 0 if found else clean + 1
        if clean >= clean_rounds:
            return True
        if time.monotonic() > deadline_s:
            return False
        time.sleep(AGAIN_AFTER_S)
