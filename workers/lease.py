"""Keep the lease of the attempt that runs while, and only while, it makes progress; end a worker that hangs."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from db.claims import ClaimedJob, Failure, LeaseLost, give_up, renew
from db.errors import DbError, ServiceUnreachable
from db.states import FailureKind
from workers.deadlines import Deadlines
from workers.log import log_event

#: Pause before a renewal that failed is tried again.
RETRY_S = 2.0
#: How long a commit may be under way unnoticed before a renewal that found nothing counts as a lost lease.
SETTLE_S = 1.0
#: Exit code of a worker that ended itself because its job hung (EX_SOFTWARE).
HUNG = 70


class EndReason(StrEnum):
    """Why the keeper of its lease wants an attempt abandoned."""

    #: The lease is gone: another worker may have the job.
    LOST = "lost"
    #: It takes longer than a job may.
    OVERDUE = "overdue"


class Lease:
    """The lease of one attempt, as the thread that runs it sees it."""

    def __init__(self, job: ClaimedJob) -> None:
        self.job = job
        #: Set when the attempt is to be abandoned; ``reason`` tells why, unless somebody else has set it.
        self.ended = threading.Event()
        self.reason: EndReason | None = None
        #: Set when the attempt has come to its end.
        self.settled = threading.Event()
        self.claimed_s = self.renewed_s = self.progress_s = time.monotonic()

    def progress(self, _event: object = None) -> None:
        """Note that the engine has got further."""
        self.progress_s = time.monotonic()

    def end(self, reason: EndReason) -> None:
        """Say that the attempt is to be abandoned; the first reason stays."""
        if self.reason is None:
            self.reason = reason
        self.ended.set()


class LeaseKeeper:
    """Renew the lease of whatever attempt runs, from one thread and on a connection of its own.

    It beats steadily, whether a job runs or not, so that a job costs it nothing. An attempt that makes no progress is
    not renewed; where it makes none for ``hang_s``, the attempt is given up as timed out and ``on_hang`` ends the
    process, since a thread cannot be ended from outside.
    """

    def __init__(
        self, engine: Engine, deadlines: Deadlines, *, on_hang: Callable[[], None] = lambda: os._exit(HUNG)
    ) -> None:
        self._engine = engine
        self._deadlines = deadlines
        self._on_hang = on_hang
        self._lease: Lease | None = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)
        self._thread.start()

    @contextmanager
    def keep(self, job: ClaimedJob) -> Iterator[Lease]:
        """Keep the lease of an attempt, claimed just now, during the block."""
        lease = self._lease = Lease(job)
        try:
            yield lease
        finally:
            lease.settled.set()
            self._lease = None

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join()

    def _beat(self) -> None:
        wait_s = self._deadlines.beat_s
        while not self._closed.wait(wait_s):
            lease = self._lease
            renewed = lease is None or self._look(lease)
            wait_s = self._deadlines.beat_s if renewed else min(RETRY_S, self._deadlines.beat_s)

    def _look(self, lease: Lease) -> bool:
        """Do what is due for a lease; tell whether it needs no look before the next beat."""
        now_s = time.monotonic()
        silent_s = now_s - lease.progress_s
        if silent_s > self._deadlines.hang_s:
            self._end_process(lease)
            return True
        if now_s - lease.claimed_s > self._deadlines.job_s and not lease.ended.is_set():
            log_event("lease.overdue", **lease.job.log_context())
            lease.end(EndReason.OVERDUE)
        if silent_s > self._deadlines.silence_s:
            log_event("lease.stalled", **lease.job.log_context())
            renewed = True
        else:
            renewed = self._renew(lease)
        if time.monotonic() - lease.renewed_s > self._deadlines.lease_s:
            self._lose(lease, "expired")
        return renewed

    def _renew(self, lease: Lease) -> bool:
        job = lease.job
        try:
            renew(self._engine, job.job_id, job.attempt_no, lease_s=self._deadlines.lease_s)
        except LeaseLost:
            if not lease.settled.wait(SETTLE_S):
                self._lose(lease, "taken back")
            return True
        except (ServiceUnreachable, DBAPIError) as error:
            log_event("lease.unreachable", error=str(error), **job.log_context())
            return False
        lease.renewed_s = time.monotonic()
        return True

    def _lose(self, lease: Lease, why: str) -> None:
        if lease.reason is not EndReason.LOST and not lease.settled.is_set():
            log_event("lease.lost", why=why, **lease.job.log_context())
            lease.end(EndReason.LOST)

    def _end_process(self, lease: Lease) -> None:
        job, seconds = lease.job, self._deadlines.hang_s
        log_event("worker.hung", level=logging.ERROR, seconds=seconds, **job.log_context())
        sentence = f"the worker made no progress for {seconds:g} s and ended itself"
        failure = Failure(kind=FailureKind.TIMED_OUT, error_class="WORKER_HUNG", sentence=sentence)
        try:
            give_up(self._engine, job.job_id, job.attempt_no, failure)
        except (DbError, DBAPIError) as error:
            log_event("job.write_delayed", error=str(error), **job.log_context())
        self._on_hang()
