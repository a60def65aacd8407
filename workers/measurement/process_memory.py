"""Memory of a tree of processes on the host: the worker and what it started, read from /proc."""

from __future__ import annotations

import time
from pathlib import Path

import psutil

from workers.lifecycle.marked_processes import MARK_VARIABLE, carries

#: Finding new processes costs milliseconds, reading the known ones microseconds.
SEARCH_EVERY_S = 1.0


class HostMemory:
    """Resident memory of a process and its descendants with the mark; the reader is left out."""

    def __init__(self, root_pid: int, mark: str) -> None:
        self._root_pid = root_pid
        self._mark = mark
        self._pids: list[int] = []
        self._searched_s = float("-inf")

    def used_mib(self) -> float:
        """Return the tree's memory now: private and shared-memory pages, and mapped files once.

        Mapped files are mostly the same libraries in every process, so the largest share stands for
        all. The exact proportional share (PSS) would walk the page tables of the engine twenty
        times a second and stall it.
        """
        readings = self._readings()
        if not readings:
            return 0.0
        return (sum(own for own, _ in readings) + max(files for _, files in readings)) / 1024

    def private_mib(self) -> float:
        """Return the private and shared-memory pages alone: file pages may be reclaimed."""
        return sum(own for own, _ in self._readings()) / 1024

    def _readings(self) -> list[tuple[int, int]]:
        now_s = time.monotonic()
        if now_s - self._searched_s >= SEARCH_EVERY_S:
            self._pids, self._searched_s = self._tree(), now_s
        return [reading for pid in self._pids if (reading := _resident_kib(pid)) is not None]

    def _tree(self) -> list[int]:
        try:
            children = psutil.Process(self._root_pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        mark = {MARK_VARIABLE: self._mark}
        return [self._root_pid, *(child.pid for child in children if carries(child.pid, mark))]


def _resident_kib(pid: int) -> tuple[int, int] | None:
    """Return private and shared-memory pages, and those of mapped files; None once it exited."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
        lines = status.splitlines()
    except OSError:
        return None
    fields = (line.partition(":") for line in lines if line.startswith("Rss"))
    kib = {name: int(rest.split()[0]) for name, _, rest in fields}
    return kib.get("RssAnon", 0) + kib.get("RssShmem", 0), kib.get("RssFile", 0)
