"""Wake Celery's consumer when a job ends, so that the next hint is taken at once.

With ``worker_disable_prefetch`` the consumer takes nothing from the broker while a job runs, and nothing tells it that
the pool's thread has finished: it would notice up to a second later (seen with Celery 5.7, kombu 5.7, pool threads). A
pipe among the sockets that it waits on tells it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from celery import Celery, bootsteps
from celery.signals import task_postrun
from celery.worker import state
from kombu.utils.eventio import READ

_WAKE = "WAKE"


class WakeUp(bootsteps.StartStopStep):  # type: ignore[misc]
    """A pipe that stands in the poller of the Redis transport like one of its channels; made anew on a reconnect."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, _consumer: Any, **_options: Any) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        # What the poller asks of a channel: whether it takes messages, and what to call when its socket has some.
        self.qos = self
        self.handlers: dict[str, Callable[[], None]] = {_WAKE: self._woken}
        task_postrun.connect(self._wake, weak=False)

    def can_consume(self) -> bool:
        """Say yes: a wake-up is always welcome."""
        return True

    def start(self, consumer: Any) -> None:
        """Join the sockets of the present connection."""
        cycle: Any = getattr(consumer.connection.transport, "cycle", None)
        if hasattr(cycle, "_fd_to_chan"):  # Only the Redis transport polls; others wake by themselves.
            cycle.poller.register(self._reader, READ)
            cycle._fd_to_chan[self._reader] = (self, _WAKE)  # noqa: SLF001 - kombu has no public place for it

    def _wake(self, **_facts: Any) -> None:
        try:
            os.write(self._writer, b".")
        except BlockingIOError:
            return  # The pipe is full of unread wake-ups: the consumer wakes anyway.

    def _woken(self) -> None:
        os.read(self._reader, 4096)
        if state.reserved_requests:
            # The thread is between its last line and the end of Celery's bookkeeping, microseconds away: come back.
            self._wake()


def add_wake_up(app: Celery) -> None:
    """Give the workers of an application the step."""
    app.steps["consumer"].add(WakeUp)
