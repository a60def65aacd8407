"""The reconciler: a loop, one at a time, that brings Postgres and broker into agreement.

Each step may be repeated or interrupted at any point. Hints are counted, not remembered: a queue
that holds fewer hints than it has waiting jobs gets the missing ones, so an emptied broker is
filled again by itself, and a queue of a million jobs is given hints as they are used.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from core.errors import ServiceUnreachable
from core.hints import HintBroker
from core.limits import HINTS_AT_MOST
from db.engine import DATABASE_ERRORS
from db.queue.maintenance import expire_leases, fold_tallies, leadership, next_jobs, waiting_jobs
from db.queue.outbox import publish_outbox
from orchestrator.nights.schedules import fire_due_schedules
from orchestrator.nights.watch import NightWatch, database_clock
from orchestrator.spending.budget_watch import BudgetWatch
from orchestrator.upkeep.result_keeper import ResultKeeper

TICK_S = 1.0
#: A queue that has lacked hints for less may only seem to: they are in flight, or a worker is about
#: to claim.
STALE_HINT_S = 10.0
#: A worker silent for longer is marked lost.
SILENT_WORKER_S = 60.0
#: Hints that one tick takes from the outbox.
PUBLISH_AT_MOST = 10_000
#: Rows of a run's tally that a reader may have to add up.
TALLY_AT_MOST = 100
#: A leader silent for longer than any tick takes has frozen: the database ends its session and
#: thereby its lock. Should it wake up, its turn is over.
FROZEN_S = 30
#: How long the end waits for a round of nights; one that is cut off is repeated by the next leader.
STOP_NIGHTS_S = 5.0

log = logging.getLogger("evalctl.reconciler")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What one round did."""

    expired: int
    published: int
    rehinted: int
    lost_workers: int
    #: Slots of schedules that were due.
    slots: int


class Reconciler:
    """Run rounds while holding the advisory lock; a second reconciler waits for its turn."""

    def __init__(
        self,
        engine: Engine,
        broker: HintBroker,
        *,
        tick_s: float = TICK_S,
        stale_hint_s: float = STALE_HINT_S,
        clock: Callable[[], dt.datetime | None] = database_clock,
        nights: NightWatch | None = None,
    ) -> None:
        self._engine = engine
        self._broker = broker
        self._tick_s = tick_s
        self._stale_hint_s = stale_hint_s
        #: By which slots become due; None: the database's.
        self._clock = clock
        self.nights = nights or NightWatch(engine, clock=clock)
        self._keeper = ResultKeeper(engine)
        self._budgets = BudgetWatch(engine)
        #: Whether this one leads now, and the leases that it has found expired.
        self.leads = False
        self.leases_expired = 0
        #: Since when each queue has lacked hints, on the monotonic clock.
        self._lacking_since_s: dict[str, float] = {}

    def run(self, stop: threading.Event) -> None:
        """Reconcile until ``stop`` is set; wait for a server that cannot serve the request now."""
        while not stop.is_set():
            try:
                self._hold_and_run(stop)
            except DATABASE_ERRORS as error:
                # Whatever it is: leases expire and hints are issued again once it is over.
                log.warning("reconciler waits: %s", error)
            stop.wait(self._tick_s)
        self.nights.finish(within_s=STOP_NIGHTS_S)
        self._keeper.finish(within_s=STOP_NIGHTS_S)
        self._budgets.finish(within_s=STOP_NIGHTS_S)

    def tick(self) -> Tick:
        """Run one round; log a broker that is down, raise ``ServiceUnreachable`` for a database."""
        expired, lost = expire_leases(self._engine, silent_s=SILENT_WORKER_S)
        for job in expired:
            log.warning("lease of job %s expired; it is %s", job["id"], job["state"])
        for worker in lost:
            log.warning("worker %s is lost", worker)
        self.leases_expired += len(expired)
        slots = fire_due_schedules(self._engine, now=self._clock())
        self.nights.poke()
        fold_tallies(self._engine, longest=TALLY_AT_MOST)
        rehinted = published = 0
        try:
            published = publish_outbox(self._engine, self._broker, limit=PUBLISH_AT_MOST)
            rehinted = self._top_up()
            published += rehinted
        except ServiceUnreachable as error:
            log.warning("no hints published: %s", error)
        return Tick(
            expired=len(expired),
            published=published,
            rehinted=rehinted,
            lost_workers=len(lost),
            slots=len(slots),
        )

    def _hold_and_run(self, stop: threading.Event) -> None:
        with leadership(self._engine, idle_s=FROZEN_S) as confirm:
            if confirm is None:
                return
            log.info("reconciler is active")
            self.leads = True
            try:
                while not stop.is_set():
                    confirm()
                    self.tick()
                    self._keeper.poke()
                    self._budgets.poke()
                    stop.wait(self._tick_s)
            finally:
                self.leads = False

    def _top_up(self) -> int:
        """Give the queues the hints that they lack, and return how many."""
        waiting = waiting_jobs(self._engine, limit=HINTS_AT_MOST)
        return sum(self._top_up_queue(queue, jobs) for queue, jobs in waiting.items())

    def _top_up_queue(self, queue: str, jobs: int) -> int:
        missing = jobs - self._broker.depth(queue) if jobs else 0
        if missing <= 0:
            self._lacking_since_s.pop(queue, None)
            return 0
        since_s = self._lacking_since_s.setdefault(queue, time.monotonic())
        # Half of a full queue cannot be in flight: a long queue must never run dry.
        if time.monotonic() - since_s < self._stale_hint_s and missing < HINTS_AT_MOST // 2:
            return 0
        del self._lacking_since_s[queue]
        added = self._broker.publish(queue, next_jobs(self._engine, queue, limit=missing))
        log.info("queue %s lacked hints; issued %s", queue, added)
        return added
