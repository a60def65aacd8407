"""The processes of one engine: found by a token that only they carry in their environment, and ended for certain."""

from __future__ import annotations

import multiprocessing
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker

import psutil

TOKEN_VARIABLE = "EVALCTL_ENGINE"  # noqa: S105  (a mark, not a secret)


class EngineProcesses:
    """The child processes that are started while ``marked`` is open, and their children."""

    def __init__(self) -> None:
        self._token = uuid.uuid4().hex

    @contextmanager
    def marked(self) -> Iterator[None]:
        """Put the token into the environment that new children inherit, for as long as the engine is starting."""
        # The tracker of multiprocessing is shared by all of the process; started here it does not carry the token.
        resource_tracker.ensure_running()
        with environment({TOKEN_VARIABLE: self._token}):
            yield

    def child_seen(self) -> bool:
        """Tell whether the first child runs already, that is, has inherited its streams."""
        return any(self._owns(process) for process in psutil.Process().children())

    def alive(self) -> list[psutil.Process]:
        """Return the engine's processes that still run, orphans included; a zombie does not run."""
        multiprocessing.active_children()  # collects children that have ended
        return [process for process in psutil.process_iter() if self._owns(process)]

    def kill(self, within_s: float) -> bool:
        """Kill every process of the engine; tell whether all are gone in time."""
        deadline = time.monotonic() + within_s
        while processes := self.alive():
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            if time.monotonic() > deadline:
                return False
            # Not waited for here: that would take their exit status from whoever started them.
            time.sleep(0.05)
        return True

    def _owns(self, process: psutil.Process) -> bool:
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process.environ().get(TOKEN_VARIABLE) == self._token
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False


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
