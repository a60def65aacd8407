"""A tiny process that outlives the worker by a moment and ends what it left behind.

When a worker is killed hard, vLLM's processes stay: adopted by init, holding the GPU. The guardian holds the read end of
a pipe whose other end only the worker has; the kernel closes that in every kind of death. Then it kills each process that
carries the worker's mark in its environment, and each descendant it has seen of the worker, until none is left.

Run as a program this file imports the standard library alone and starts in some 20 ms.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

MARK_VARIABLE = "EVALCTL_WORKER"

#: How often the guardian notes the worker's descendants, against processes that write over their own environment.
LOOK_EVERY_S = 2.0
#: How long it tries; a process in uninterruptible sleep cannot be killed.
TRY_FOR_S = 60.0
AGAIN_AFTER_S = 0.05

_PROC = Path("/proc")


class OrphanReaper:
    """The worker's side of its guardian."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Process id of the guardian."""
        return self._process.pid

    def close(self, within_s: float = 10.0) -> None:
        """End the guardian at a clean exit: it kills what still carries the mark, then itself ends."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(within_s)


def start_orphan_reaper(mark: str) -> OrphanReaper:
    """Start the guardian of this process, in its own session. Put the mark into ``os.environ`` before any other child."""
    environment = {name: value for name, value in os.environ.items() if name != MARK_VARIABLE}
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, mark, str(os.getpid())],
        stdin=subprocess.PIPE,
        # It must not hold a pipe open that somebody reads to learn of the worker's end.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=environment,
        cwd="/",
    )
    return OrphanReaper(process)


def watch(mark: str, worker_pid: int) -> None:
    """Wait for the end of the worker, then kill what it left; the program of the guardian's process."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends when the worker does, and not before
    seen: set[tuple[int, str]] = set()
    while not select.select([sys.stdin.fileno()], [], [], LOOK_EVERY_S)[0]:
        seen |= set(_descendants(worker_pid))
    seen |= set(_descendants(worker_pid))
    deadline = time.monotonic() + TRY_FOR_S
    # Children may still be forked while their parents die: once more after the first time that none is found.
    clean = 0
    while clean < 2 and time.monotonic() < deadline:
        clean = 0 if _kill_left(mark.encode(), seen, {os.getpid(), worker_pid}) else clean + 1
        time.sleep(AGAIN_AFTER_S)


def _kill_left(mark: bytes, seen: set[tuple[int, str]], spared: set[int]) -> bool:
    """Kill every process that is the worker's; tell whether there was one."""
    found = False
    for pid in _pids():
        if pid in spared or not _belongs(pid, mark, seen):
            continue
        with contextlib.suppress(OSError):
            # The descriptor pins the process: the second look is at the very one that is killed.
            descriptor = os.pidfd_open(pid)
            try:
                if _belongs(pid, mark, seen):
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                    found = True
            finally:
                os.close(descriptor)
    return found


def _belongs(pid: int, mark: bytes, seen: set[tuple[int, str]]) -> bool:
    stat = _stat(pid)
    if stat is None or stat[0] == "Z":
        return False
    if (pid, stat[19]) in seen:
        return True
    try:
        variables = (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return MARK_VARIABLE.encode() + b"=" + mark in variables


def _descendants(root: int) -> Iterator[tuple[int, str]]:
    """Yield pid and start time of each living descendant; the two together name a process for good."""
    stats = {pid: stat for pid in _pids() if (stat := _stat(pid)) is not None}
    below = {root}
    growing = True
    while growing:
        children = {pid for pid, stat in stats.items() if int(stat[1]) in below} - below
        below |= children
        growing = bool(children)
    return ((pid, stats[pid][19]) for pid in below - {root, os.getpid()} if pid in stats)


def _pids() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str] | None:
    """Return the fields of ``/proc/PID/stat`` after the name: state, parent ... start time at 19."""
    try:
        return (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None


if __name__ == "__main__":
    watch(sys.argv[1], int(sys.argv[2]))
