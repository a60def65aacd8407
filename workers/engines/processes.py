"""The processes of one engine: found by a token that only they carry, and ended for certain."""

from __future__ import annotations

import multiprocessing
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import resource_tracker

import psutil

from workers.lifecycle.marked_processes import TOKEN_VARIABLE, carries, kill_all, pids


class EngineProcesses:
    """The child processes that are started while ``marked`` is open, and their children."""

    def __init__(self) -> None:
        self._token = uuid.uuid4().hex

    @contextmanager
    def marked(self) -> Iterator[None]:
        """Give the token to children that are started meanwhile, through the environment."""
        # The tracker of multiprocessing is shared by the whole process; started here it does not
        # carry the token.
        resource_tracker.ensure_running()
        with environment({TOKEN_VARIABLE: self._token}):
            yield

    def child_seen(self) -> bool:
        """Return whether the first child runs already, that is, has inherited its streams."""
        return any(self._owns(process.pid) for process in psutil.Process().children())

    def alive(self) -> list[int]:
        """Return the engine's processes that still run, orphans included; a zombie does not run."""
        multiprocessing.active_children()  # collects children that have ended
        return [pid for pid in pids() if self._owns(pid)]

    def kill(self, within_s: float) -> bool:
        """Kill every process of the engine; return whether all have exited in time."""
        return kill_all(self._owns, within_s)

    def _owns(self, pid: int) -> bool:
        return carries(pid, {TOKEN_VARIABLE: self._token})


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for a while and put back what was there."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
