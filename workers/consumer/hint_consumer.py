"""What a worker does when it hears a hint: claim job after job while hints lie ready, or give the hint back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

from core.errors import ServiceUnreachable
from core.hints import HintBroker, queue_name
from workers.consumer.next_hint import NextHint
from workers.consumer.stall_watchdog import StallWatchdog
from workers.lifecycle.event_log import log_event

#: Pause before a hint that came while the database was away is given back.
PATIENCE_S = 1.0


class Gate(Protocol):
    """Whether a hint may be turned into a claim now."""

    def closed(self) -> bool:
        """Tell whether no job may be claimed; the hint then goes back to the broker, for another worker."""

    def wait(self) -> None:
        """Return when it may be open again, or the worker is to end. Blocks the pool's only thread."""


class OpenGate:
    """The gate of a worker that nothing keeps from working."""

    def closed(self) -> bool:
        """Never."""
        return False

    def wait(self) -> None:
        """Return at once."""


class Hints(Protocol):
    """The hints that lie ready in the broker, for whoever fills an engine."""

    def another(self) -> bool:
        """Take one, where there is one and a job may be claimed."""

    def spend(self, count: int) -> None:
        """Take so many for jobs that have been claimed already; what has not come yet will permit nothing later."""


class HintConsumer:
    """Serve the hints of some queues on the pool's only thread.

    ``handle_hint`` spends one hint, and those that it takes from what it is given; it tells whether one is left.
    """

    def __init__(
        self,
        broker_url: str,
        queues: tuple[str, ...],
        handle_hint: Callable[[Hints], bool],
        gate: Gate | None = None,
    ) -> None:
        self.broker_url = broker_url
        self.queues = queues
        self._handle_hint = handle_hint
        self._gate = gate or OpenGate()
        self._queue_of = {queue_name(queue): queue for queue in queues}
        self._broker = HintBroker(broker_url)
        self._next_hint = NextHint(broker_url, queues)
        self._stall_watchdog = StallWatchdog(
            lambda: not self._gate.closed() and self._next_hint.waiting()
        )

    def serve(self, job_id: int, queue_key: str) -> None:
        """Spend a hint that Celery has received, and those that lie ready after it."""
        with self._stall_watchdog.hearing():
            try:
                held = True
                while held and not self._gate.closed():
                    held = self._handle_hint(self)
                if held:
                    self._give_back(job_id, queue_key)
            except ServiceUnreachable as error:
                log_event("hint.unreachable", level=logging.WARNING, error=str(error))
                # Not at once: it comes straight back to this worker.
                time.sleep(PATIENCE_S)
                self._give_back(job_id, queue_key)
            self._gate.wait()

    def another(self) -> bool:
        """Take a hint that lies ready; none while no job may be claimed."""
        return not self._gate.closed() and bool(self._next_hint.take(1))

    def spend(self, count: int) -> None:
        """Take so many hints as lie ready, for jobs that have been claimed already."""
        self._next_hint.take(count)

    def _give_back(self, job_id: int, queue_key: str) -> None:
        """Return a hint to the broker; without one the reconciler issues another."""
        try:
            self._broker.publish(self._queue_of[queue_key], [job_id])
            log_event("hint.returned", job_id=job_id)
        except ServiceUnreachable as error:
            log_event("hint.unreachable", level=logging.WARNING, error=str(error))

    def close(self) -> None:
        """Close the connections and end the lookout."""
        self._stall_watchdog.close()
        self._next_hint.close()
        self._broker.close()
