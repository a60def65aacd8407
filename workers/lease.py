"""Keep the lease of a running attempt while, and only while, it makes progress."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from sqlalchemy import Engine

from db.claims import LEASE_S, ClaimedJob, LeaseLost, renew
from db.errors import ServiceUnreachable
from workers.log import log_event

BEAT_S = 15.0
#: Without progress for so long the lease is no longer renewed: it proves progress, not life.
STALL_S = 120.0
#: Pause before a renewal that failed is tried again.
RETRY_S = 2.0


class Lease:
    """Renew a job's lease from a thread of its own, on a connection of its own.

    ``lost`` is set when the lease is gone, or when the database was away for as long as the lease lasts: the attempt
    must then be abandoned, since another worker may have the job.
    """

    def __init__(
        self,
        engine: Engine,
        job: ClaimedJob,
        *,
        lease_s: float = LEASE_S,
        beat_s: float = BEAT_S,
        stall_s: float = STALL_S,
    ) -> None:
        self._engine = engine
        self._job = job
        self._lease_s, self._beat_s, self._stall_s = lease_s, beat_s, stall_s
        self._ended = threading.Event()
        self._progress_s = time.monotonic()
        self._renewed_s = time.monotonic()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self.lost = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def progress(self, _event: object = None) -> None:
        """Note that the engine has got further."""
        self._progress_s = time.monotonic()

    def _keep(self) -> None:
        wait_s = self._beat_s
        while not self._ended.wait(wait_s):
            wait_s = self._beat_s
            if time.monotonic() - self._progress_s > self._stall_s:
                log_event("lease.stalled", **self._job.log_context())
            else:
                try:
                    renew(self._engine, self._job.job_id, self._job.attempt_no, lease_s=self._lease_s)
                    self._renewed_s = time.monotonic()
                except LeaseLost:
                    self._lose("taken back")
                    return
                except ServiceUnreachable as error:
                    log_event("lease.unreachable", error=str(error), **self._job.log_context())
                    wait_s = RETRY_S
            if time.monotonic() - self._renewed_s > self._lease_s:
                self._lose("expired")
                return

    def _lose(self, why: str) -> None:
        log_event("lease.lost", why=why, **self._job.log_context())
        self.lost.set()
