"""Report to the database every few seconds that this worker lives and what it does."""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections.abc import Callable

from sqlalchemy import Engine

from core.states import WorkerState
from db.engine import DATABASE_ERRORS
from db.queue.fleet import report_worker
from workers.lifecycle.event_log import log_event

BEAT_S = 5.0
#: Changes that come faster are reported together: a person needs no finer picture.
REST_S = 1.0
#: How long a change must last to be reported: between two jobs a worker is idle for milliseconds.
SETTLE_S = 0.25

#: State, model, note and the number of discarded messages.
_Facts = tuple[WorkerState, int | None, str | None, int]


class Heartbeat:
    """Report a worker's state from a separate thread; retry an unreachable database at each beat.

    ``on_drain`` is called, on that thread and at each beat, once the worker's row asks it to drain;
    ``refused`` returns how many messages it has discarded.
    """

    def __init__(
        self,
        engine: Engine,
        worker_id: uuid.UUID,
        *,
        beat_s: float = BEAT_S,
        on_drain: Callable[[], None] | None = None,
        refused: Callable[[], int] = lambda: 0,
    ) -> None:
        self._engine = engine
        self._worker_id = worker_id
        self._beat_s = beat_s
        self._on_drain = on_drain
        self._refused = refused
        self._current: tuple[WorkerState, int | None] = (WorkerState.STARTING, None)
        self._override: WorkerState | None = None
        self._note: str | None = None
        #: What the database was last sent, and when; nothing where that failed.
        self._reported: _Facts | None = None
        self._written_s = -math.inf
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="heartbeat", daemon=True)
        self._thread.start()

    def report(self, state: WorkerState, model_id: int | None) -> None:
        """Report a state; it is written soon, without making the caller wait."""
        if self._current != (state, model_id):
            self._current = (state, model_id)
            self._changed.set()

    def override(self, state: WorkerState | None) -> None:
        """Report this state in place of all others, until None takes it back."""
        self._override = state
        self._changed.set()

    def note(self, sentence: str | None) -> None:
        """Report a sentence beside the state."""
        self._note = sentence
        self._changed.set()

    def close(self) -> None:
        """Report that the worker stopped, and end the thread."""
        self._ended.set()
        self._changed.set()
        self._thread.join()
        self._write(WorkerState.STOPPED)

    def _keep(self) -> None:
        while not self._ended.is_set():
            self._changed.clear()
            if self._due_s() <= 0 or self._facts() != self._reported:
                self._write(self._override or self._current[0])
            self._ended.wait(REST_S)
            if self._changed.wait(max(0.0, self._due_s())):
                self._ended.wait(SETTLE_S)

    def _due_s(self) -> float:
        """Return in how many seconds a report is due although nothing has changed."""
        return self._written_s + self._beat_s - time.monotonic()

    def _facts(self) -> _Facts:
        return (self._override or self._current[0], self._current[1], self._note, self._refused())

    def _write(self, state: WorkerState) -> None:
        facts = (state, *self._facts()[1:])
        _, model_id, note, refused = facts
        self._written_s = time.monotonic()
        try:
            drain = report_worker(
                self._engine, self._worker_id, state, model_id, note=note, messages_refused=refused
            )
        except DATABASE_ERRORS as error:
            self._reported = None
            log_event("worker.unreachable", error=str(error))
            return
        self._reported = facts
        if drain and self._on_drain is not None:
            self._on_drain()
