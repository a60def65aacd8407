"""Keep the lease of each running attempt while it makes progress; end a worker that hangs."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from sqlalchemy import Engine

from core.errors import DbError
from core.states import FailureKind
from db.engine import DATABASE_ERRORS
from db.queue.claims import HUNG_BESIDE, ClaimedJob, Failure, LeaseLost, give_up, in_batch, renew
from workers.lifecycle.event_log import log_event
from workers.lifecycle.timeouts import Timeouts

#: Pause before a renewal that failed is tried again.
RETRY_S = 2.0
#: How long a commit may be under way unnoticed before a renewal that found nothing counts as a lost
#: lease.
SETTLE_S = 1.0
#: Exit code of a worker that ended itself because its job hung (EX_SOFTWARE).
HUNG = 70


class EndReason(StrEnum):
    """Why the keeper of its lease wants an attempt abandoned."""

    #: The lease is lost: another worker may have the job.
    LOST = "lost"
    #: It takes longer than a job may.
    OVERDUE = "overdue"


class Lease:
    """The lease of one attempt, as the thread that runs it sees it."""

    def __init__(self, job: ClaimedJob) -> None:
        self.job = job
        #: Set when the attempt is to be abandoned; ``reason`` says why, unless another party has
        #: set it.
        self.ended = threading.Event()
        self.reason: EndReason | None = None
        #: Set when the attempt has come to its end.
        self.settled = threading.Event()
        self.claimed_s = self.renewed_s = self.progress_s = time.monotonic()
        #: When a renewal found nothing to renew: the attempt was taken back, or is being committed.
        self.missed_s: float | None = None

    def progress(self, _event: object = None) -> None:
        """Note that the engine has got further."""
        self.progress_s = time.monotonic()

    def wait(self) -> None:
        """Note that the attempt waits for its turn: no silence, and none of its time."""
        self.progress_s = self.claimed_s = time.monotonic()

    def end(self, reason: EndReason) -> None:
        """Say that the attempt is to be abandoned; the first reason stays."""
        if self.reason is None:
            self.reason = reason
        self.ended.set()


class LeaseKeeper:
    """Renew the leases of all running attempts, from one thread.

    It beats steadily, whether jobs run or not, so that a job costs it nothing. The lease of an
    attempt without progress is not renewed; after ``hang_s`` without any it is given up as timed
    out, those beside it are handed back at no cost to them, and ``on_hang`` ends the process, since
    a thread cannot be ended from outside.
    """

    def __init__(
        self,
        engine: Engine,
        timeouts: Timeouts,
        *,
        on_hang: Callable[[], None] = lambda: os._exit(HUNG),
    ) -> None:
        self._engine = engine
        self._timeouts = timeouts
        self._on_hang = on_hang
        self._leases: dict[tuple[int, int], Lease] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)
        self._thread.start()

    @contextmanager
    def keep(self, job: ClaimedJob) -> Iterator[Lease]:
        """Keep the lease of an attempt, claimed just now, during the block; any thread may call."""
        key, lease = (job.job_id, job.attempt_no), Lease(job)
        with self._lock:
            self._leases[key] = lease
        try:
            yield lease
        finally:
            lease.settled.set()
            with self._lock:
                del self._leases[key]

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join()

    def _kept(self) -> list[Lease]:
        with self._lock:
            return list(self._leases.values())

    def _beat(self) -> None:
        wait_s = self._timeouts.beat_s
        while not self._closed.wait(wait_s):
            renewed = self._check(self._kept())
            wait_s = self._timeouts.beat_s if renewed else min(RETRY_S, self._timeouts.beat_s)

    def _check(self, leases: list[Lease]) -> bool:
        """Do what is due for the leases; return whether none needs a check before the next beat."""
        if hung := [lease for lease in leases if _silent_s(lease) > self._timeouts.hang_s]:
            self._end_process(hung, leases)
            return True
        for lease in leases:
            age_s = time.monotonic() - lease.claimed_s
            if age_s > self._timeouts.job_s and not lease.ended.is_set():
                log_event("lease.overdue", **lease.job.log_context())
                lease.end(EndReason.OVERDUE)
        kept = [lease for lease in leases if lease.reason is not EndReason.LOST]
        renewed = self._renew([lease for lease in kept if not self._stalled(lease)])
        for lease in leases:
            if time.monotonic() - lease.renewed_s > self._timeouts.lease_s:
                self._lose(lease, "expired")
        return renewed

    def _stalled(self, lease: Lease) -> bool:
        stalled = _silent_s(lease) > self._timeouts.silence_s
        if stalled:
            log_event("lease.stalled", **lease.job.log_context())
        return stalled

    def _renew(self, leases: list[Lease]) -> bool:
        """Renew leases one by one; return whether all were renewed, so that none needs a retry."""
        renewed = True
        for lease in leases:
            job = lease.job
            try:
                renew(self._engine, job.job_id, job.attempt_no, lease_s=self._timeouts.lease_s)
                lease.renewed_s = time.monotonic()
            except LeaseLost:
                renewed = False
                self._miss(lease)
            except DATABASE_ERRORS as error:
                log_event("lease.unreachable", error=str(error), **job.log_context())
                return False  # The others would wait as long for the same answer.
        return renewed

    def _miss(self, lease: Lease) -> None:
        now_s = time.monotonic()
        if lease.missed_s is None:
            lease.missed_s = now_s
        elif now_s - lease.missed_s > SETTLE_S:
            self._lose(lease, "taken back")

    def _lose(self, lease: Lease, why: str) -> None:
        if lease.reason is not EndReason.LOST and not lease.settled.is_set():
            log_event("lease.lost", why=why, **lease.job.log_context())
            lease.end(EndReason.LOST)

    def _end_process(self, hung: list[Lease], leases: list[Lease]) -> None:
        seconds = self._timeouts.hang_s
        sentence = f"the worker made no progress for {seconds:g} s and ended itself"
        beside = f"the worker made no progress with another job for {seconds:g} s and ended itself"
        hung_class = in_batch("WORKER_HUNG") if len(leases) > 1 else "WORKER_HUNG"
        for lease in hung:
            log_event(
                "worker.hung", level=logging.ERROR, seconds=seconds, **lease.job.log_context()
            )
            timed_out = FailureKind.TIMED_OUT
            failure = Failure(kind=timed_out, error_class=hung_class, sentence=sentence)
            self._give_up(lease, failure)
        for lease in leases:
            if lease not in hung:
                self._give_up(
                    lease, Failure(kind=FailureKind.INFRA, error_class=HUNG_BESIDE, sentence=beside)
                )
        self._on_hang()

    def _give_up(self, lease: Lease, failure: Failure) -> None:
        job = lease.job
        try:
            give_up(self._engine, job.job_id, job.attempt_no, failure)
        except (DbError, *DATABASE_ERRORS) as error:
            log_event("job.write_delayed", error=str(error), **job.log_context())


def _silent_s(lease: Lease) -> float:
    return time.monotonic() - lease.progress_s
