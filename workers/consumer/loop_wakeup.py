"""Wake Celery's event loop when a job ends, so that the next hint is taken at once.

With ``worker_disable_prefetch`` the loop takes nothing from the broker while a job runs, and
nothing notifies it that the pool's thread has finished: it would notice up to a second later (seen
with Celery 5.7, kombu 5.7, pool threads). A pipe that the loop watches wakes it.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery, bootsteps
from celery.signals import task_postrun
from celery.worker import state


class LoopWakeUp(bootsteps.StartStopStep):  # type: ignore[misc]
    """A pipe among the files that the consumer's event loop watches, anew for each connection."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **_options: Any) -> None:
        self._hub = consumer.hub
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)

    def start(self, _consumer: Any) -> None:
        """Watch the pipe, which every finished task writes to."""
        self._hub.add_reader(self._reader, self._woken)
        task_postrun.connect(self._wake, weak=False)

    def stop(self, _consumer: Any) -> None:
        """Stop watching; a new connection starts again."""
        task_postrun.disconnect(self._wake)
        self._hub.remove(self._reader)

    def _wake(self, **_facts: Any) -> None:
        try:
            os.write(self._writer, b".")
        except BlockingIOError:
            return  # The pipe is full of unread wake-ups: the loop wakes anyway.

    def _woken(self) -> None:
        os.read(self._reader, 4096)
        if state.reserved_requests:
            # The thread is microseconds away from the end of Celery's bookkeeping: come back.
            self._wake()


def add_wake_up(app: Celery) -> None:
    """Add the step to the workers of an application."""
    app.steps["consumer"].add(LoopWakeUp)
