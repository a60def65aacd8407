"""What a worker does with a hint: claim job after job while hints wait, or give the hint back.

Celery's loop needs over a millisecond for each message, and with ``worker_disable_prefetch`` it
begins only when the job before is done. A worker that has just finished a job therefore takes the
next hint from the broker itself, in one round trip. The loop is what waits: where no hint is left,
the task ends and the loop listens again. A hint still permits one claim; a claim that takes several
jobs at once spends as many.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from core.errors import ServiceUnreachable
from core.hints import HintBroker, one_try_app, queue_name
from db.engine import DATABASE_ERRORS
from workers.consumer.message_check import MalformedMessage, MessageCheck, job_of
from workers.consumer.stall_watchdog import StallWatchdog
from workers.lifecycle.event_log import log_event

#: Pause before a hint that came while the database was unreachable is given back.
PATIENCE_S = 1.0


class Gate(Protocol):
    """Whether a hint may be turned into a claim now."""

    def closed(self) -> bool:
        """Return whether no job may be claimed; the hint then goes back, for another worker."""

    def wait(self) -> None:
        """Block the pool's only thread until the gate may be open again or the worker is to end."""


class OpenGate:
    """Always open: nothing keeps the worker from claiming."""

    def closed(self) -> bool:
        """Return False."""
        return False

    def wait(self) -> None:
        """Return at once."""


class Hints(Protocol):
    """The hints that wait in the broker, as the code sees them that fills an engine."""

    def take_one(self) -> bool:
        """Take one if there is one and a job may be claimed; return whether one was taken."""

    def spend(self, count: int) -> None:
        """Take N for jobs that are claimed already; one that comes later permits another claim."""


class HintConsumer:
    """Serve the hints of some queues on the pool's only thread.

    ``handle_hint`` spends one hint, and those that it takes from its argument; it returns whether
    one is left.
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
        self._waiting = WaitingHints(broker_url, queues)
        self._stall_watchdog = StallWatchdog(
            lambda: not self._gate.closed() and self._waiting.any()
        )

    def serve(self, job_id: int, queue_key: str) -> None:
        """Spend a hint that Celery has received, and those that wait after it."""
        with self._stall_watchdog.busy():
            try:
                held = True
                while held and not self._gate.closed():
                    held = self._handle_hint(self)
                if held:
                    self._give_back(job_id, queue_key)
            except DATABASE_ERRORS as error:
                log_event("hint.unreachable", level=logging.WARNING, error=str(error))
                # Not at once: it comes straight back to this worker.
                time.sleep(PATIENCE_S)
                self._give_back(job_id, queue_key)
            self._gate.wait()

    def take_one(self) -> bool:
        """Take a waiting hint; take none while no job may be claimed."""
        return not self._gate.closed() and bool(self._waiting.take(1))

    def spend(self, count: int) -> None:
        """Take up to N waiting hints, for jobs that have been claimed already."""
        self._waiting.take(count)

    def _give_back(self, job_id: int, queue_key: str) -> None:
        """Return a hint to the broker; without one the reconciler issues another."""
        try:
            self._broker.publish(self._queue_of[queue_key], [job_id])
            log_event("hint.returned", job_id=job_id)
        except ServiceUnreachable as error:
            log_event("hint.unreachable", level=logging.WARNING, error=str(error))

    def close(self) -> None:
        """Close the connections and end the watchdog."""
        self._stall_watchdog.close()
        self._waiting.close()
        self._broker.close()


class WaitingHints:
    """The hints in the queues of one worker, read on a connection beside Celery's own."""

    def __init__(self, broker_url: str, queues: Sequence[str]) -> None:
        self._app = one_try_app(broker_url)
        self._keys = [queue_name(queue) for queue in queues]
        self._connection: Any = None

    def take(self, at_most: int) -> int:
        """Take up to N hints and return how many there were; an unreachable broker has none."""
        taken = 0
        try:
            client = self._client()
            # Celery's consumer takes from the right as well.
            while taken < at_most and (
                found := client.lmpop(
                    len(self._keys), *self._keys, direction="RIGHT", count=at_most - taken
                )
            ):
                key, entries = found
                taken += sum(_is_hint(key, entry) for entry in entries)
        except (OSError, KombuError, RedisError):
            self.close()
        return taken

    def any(self) -> bool:
        """Return whether a hint waits, and leave it there; any thread may call."""
        try:
            client = self._client()
            return any(client.llen(key) for key in self._keys)
        except (OSError, KombuError, RedisError):
            self.close()
            return False

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.release()

    def _client(self) -> Any:
        if self._connection is None:
            self._connection = self._app.connection_for_read()
        return self._connection.default_channel.client


def _is_hint(key: bytes, entry: bytes) -> bool:
    try:
        job_of(entry)
    except MalformedMessage as error:
        MessageCheck.refuse(key, entry, error)
        return False
    return True
