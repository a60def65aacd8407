"""Notice a worker that has gone deaf: hints lie in its queues, it has nothing to do, and it does not hear them.

Celery's consumer has stopped after a reconnection more than once (celery#8030, #9054, #10205), alive to every probe. A
worker that finds itself so ends, and its supervisor starts another.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from workers.lifecycle.event_log import log_event

#: Longer than a half-open connection needs to be found out (51 s with Celery 5.7).
DEAF_S = 90.0
LOOK_EVERY_S = 15.0
#: Exit code of a deaf worker (EX_SOFTWARE).
DEAF = 70


class StallWatchdog:
    """Look, every few seconds, whether an idle worker misses the hints that wait for it."""

    def __init__(
        self,
        waiting: Callable[[], bool],
        *,
        deaf_s: float = DEAF_S,
        look_every_s: float = LOOK_EVERY_S,
        on_deaf: Callable[[], None] = lambda: os._exit(DEAF),
    ) -> None:
        """Start looking; ``waiting`` tells whether a hint lies in one of the queues."""
        self._waiting = waiting
        self._deaf_s, self._look_every_s = deaf_s, look_every_s
        self._on_deaf = on_deaf
        self._busy = False
        self._heard_s = time.monotonic()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._look, name="lookout", daemon=True)
        self._thread.start()

    @contextmanager
    def hearing(self) -> Iterator[None]:
        """Note that a hint was heard, and that the worker is busy during the block."""
        self._busy = True
        try:
            yield
        finally:
            self._busy = False
            self._heard_s = time.monotonic()

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join()

    def _look(self) -> None:
        missed_since_s: float | None = None
        while not self._closed.wait(self._look_every_s):
            if self._busy or not self._waiting() or self._busy:
                missed_since_s = None
                continue
            # Waiting now is not enough: it must have been so at every look, and nothing heard in between.
            if missed_since_s is None or self._heard_s > missed_since_s:
                missed_since_s = time.monotonic()
            elif time.monotonic() - missed_since_s > self._deaf_s:
                log_event(
                    "worker.deaf",
                    level=logging.ERROR,
                    seconds=round(time.monotonic() - missed_since_s),
                )
                self._on_deaf()
                return
