"""Notice a stalled worker: hints wait in its queues, it is idle, and it does not receive them.

Celery's consumer has stopped after a reconnection more than once (celery#8030, #9054, #10205),
alive to every health check. A worker that finds itself stalled ends, and its supervisor starts
another.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from workers.lifecycle.event_log import log_event

#: Longer than Celery 5.7 needs to detect a half-open connection (51 s).
STALLED_S = 90.0
POLL_EVERY_S = 15.0
#: Exit code of a stalled worker (EX_SOFTWARE).
STALLED = 70


class StallWatchdog:
    """Check, every few seconds, whether an idle worker misses the hints that wait for it."""

    def __init__(
        self,
        waiting: Callable[[], bool],
        *,
        stalled_s: float = STALLED_S,
        poll_every_s: float = POLL_EVERY_S,
        on_stall: Callable[[], None] = lambda: os._exit(STALLED),
    ) -> None:
        """Start polling; ``waiting`` returns whether a hint lies in one of the queues."""
        self._waiting = waiting
        self._stalled_s, self._poll_every_s = stalled_s, poll_every_s
        self._on_stall = on_stall
        self._busy = False
        self._received_s = time.monotonic()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._poll, name="stall-watchdog", daemon=True)
        self._thread.start()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Note that a hint was received, and that the worker is busy during the block."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
            self._received_s = time.monotonic()

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join()

    def _poll(self) -> None:
        missed_since_s: float | None = None
        while not self._closed.wait(self._poll_every_s):
            if self._busy or not self._waiting() or self._busy:
                missed_since_s = None
                continue
            # Waiting now is not enough: hints must wait at every poll, and none be received in
            # between.
            if missed_since_s is None or self._received_s > missed_since_s:
                missed_since_s = time.monotonic()
            elif time.monotonic() - missed_since_s > self._stalled_s:
                seconds = round(time.monotonic() - missed_since_s)
                log_event("worker.deaf", level=logging.ERROR, seconds=seconds)
                self._on_stall()
                return
