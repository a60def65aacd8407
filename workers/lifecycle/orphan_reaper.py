"""A small process that outlives the worker by a moment and ends what it left behind.

When a worker is killed hard, vLLM's processes stay: adopted by init, holding the GPU. The orphan
reaper holds the read end of a pipe whose other end only the worker has; the kernel closes that in
every kind of death. Then it kills each process that carries the worker's mark in its environment,
and each descendant of the worker that it has seen, until none is left.

Its process imports the standard library alone and starts in some 20 ms.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from workers.lifecycle.marked_processes import MARK_VARIABLE, carries, kill_all, pids, stat

#: How often it notes the worker's descendants, against processes that overwrite their environment.
POLL_EVERY_S = 2.0
#: How long it tries; a process in uninterruptible sleep cannot be killed.
TRY_FOR_S = 60.0

_ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from workers.lifecycle.orphan_reaper import watch; watch(sys.argv[2], int(sys.argv[3]))"
)


class OrphanReaper:
    """The worker's side of its orphan reaper."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Process id of the reaper."""
        return self._process.pid

    def close(self, within_s: float = 10.0) -> None:
        """End the reaper at a clean exit: it kills what still carries the mark, then exits."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(within_s)


def start_orphan_reaper(mark: str) -> OrphanReaper:
    """Start the reaper of this process in its own session, before any marked process."""
    environment = {name: value for name, value in os.environ.items() if name != MARK_VARIABLE}
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _PROGRAM, str(_ROOT), mark, str(os.getpid())],
        stdin=subprocess.PIPE,
        # It must not hold a pipe open that another process reads to learn of the worker's end.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=environment,
        cwd="/",
    )
    return OrphanReaper(process)


def watch(mark: str, worker_pid: int) -> None:
    """Wait for the end of the worker, then kill what it left: the reaper's program."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends when the worker does, and not before
    seen: set[tuple[int, str]] = set()
    while not select.select([sys.stdin.fileno()], [], [], POLL_EVERY_S)[0]:
        seen |= set(_descendants(worker_pid))
    seen |= set(_descendants(worker_pid))

    def belongs(pid: int) -> bool:
        fields = stat(pid)
        if fields is None or fields[0] == "Z":
            return False
        return (pid, fields[19]) in seen or carries(pid, {MARK_VARIABLE: mark})

    kill_all(belongs, TRY_FOR_S, clean_rounds=2, spared={os.getpid(), worker_pid})


def _descendants(root: int) -> Iterator[tuple[int, str]]:
    """Yield pid and start time of each living descendant; together they identify a process."""
    stats = {pid: fields for pid in pids() if (fields := stat(pid)) is not None}
    below = {root}
    growing = True
    while growing:
        children = {pid for pid, fields in stats.items() if int(fields[1]) in below} - below
        below |= children
        growing = bool(children)
    return ((pid, stats[pid][19]) for pid in below - {root, os.getpid()} if pid in stats)
