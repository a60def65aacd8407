"""Keep the results of runs that have ended, in a thread beside the reconciler's loop.

Computing a large run's results takes seconds, which may not delay a lease. What fails is logged and
tried again later: views compute what is not kept.
"""

from __future__ import annotations

import logging
import threading
import time

from sqlalchemy import Engine

from db.engine import DATABASE_ERRORS
from db.upkeep.kept_results import keep_run, runs_to_keep

#: How long a run must have been quiet: more often follows at once, as a retry.
QUIET_S = 60.0
ROUND_S = 10.0
#: Runs of one round; an old database is caught up with in many.
RUNS_AT_MOST = 20
AFTER_ERROR_S = 300.0

log = logging.getLogger("evalctl.reconciler")


class ResultKeeper:
    """Keep a few runs at a time, one round at a time."""

    def __init__(self, engine: Engine, *, quiet_s: float = QUIET_S) -> None:
        self._engine = engine
        self._quiet_s = quiet_s
        self._thread: threading.Thread | None = None
        self._next_s = 0.0
        self._stop = threading.Event()

    def poke(self) -> None:
        """Start a round in the background, unless one runs or the last was a moment ago."""
        if time.monotonic() < self._next_s or (self._thread and self._thread.is_alive()):
            return
        self._next_s = time.monotonic() + ROUND_S
        self._thread = threading.Thread(target=self._guarded_round, name="keeper", daemon=True)
        self._thread.start()

    def finish(self, within_s: float) -> None:
        """Begin no other run, and wait for the one that is being kept."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(within_s)

    def round(self) -> int:
        """Keep the runs that are next, and return how many are kept."""
        kept = 0
        for run in runs_to_keep(self._engine, quiet_s=self._quiet_s, limit=RUNS_AT_MOST):
            if self._stop.is_set():
                break
            kept += keep_run(self._engine, run)
        return kept

    def _guarded_round(self) -> None:
        try:
            self.round()
        except DATABASE_ERRORS as error:
            self._next_s = time.monotonic() + AFTER_ERROR_S
            log.warning("no results kept: %s", error)
