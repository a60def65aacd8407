"""Tell the database, every few seconds, that this worker lives and what it is doing."""

from __future__ import annotations

import threading
import uuid

from sqlalchemy import Engine

from db.errors import ServiceUnreachable
from db.fleet import report_worker
from db.states import WorkerState
from workers.log import log_event

BEAT_S = 5.0
#: Changes that come faster are told together: what a worker does between two looks of a person is of no use.
REST_S = 0.25


class Presence:
    """Report a worker's state from a thread of its own; a database that is away is tried again at the next beat."""

    def __init__(self, engine: Engine, worker_id: uuid.UUID, *, beat_s: float = BEAT_S) -> None:
        self._engine = engine
        self._worker_id = worker_id
        self._beat_s = beat_s
        self._current: tuple[WorkerState, int | None] = (WorkerState.STARTING, None)
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="presence", daemon=True)
        self._thread.start()

    def report(self, state: WorkerState, model_id: int | None) -> None:
        """Note a state; it is written soon, without making the caller wait."""
        if self._current != (state, model_id):
            self._current = (state, model_id)
            self._changed.set()

    def close(self) -> None:
        """Say that the worker stopped, and end the thread."""
        model_id = self._current[1]
        self._ended.set()
        self._changed.set()
        self._thread.join()
        self._write(WorkerState.STOPPED, model_id)

    def _keep(self) -> None:
        while not self._ended.is_set():
            self._changed.clear()
            self._write(*self._current)
            self._ended.wait(REST_S)
            self._changed.wait(self._beat_s)

    def _write(self, state: WorkerState, model_id: int | None) -> None:
        try:
            report_worker(self._engine, self._worker_id, state, model_id)
        except ServiceUnreachable as error:
            log_event("worker.unreachable", error=str(error))
