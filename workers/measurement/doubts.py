"""Why a worker's results should be distrusted, beyond what their engine says: the card's clock, its errors, its other users.

Listing the processes of a card stalls engines, so others are looked for only while no request runs. What is found casts
doubt on every result since the last look that found nobody, those that were committed already included.
"""

from __future__ import annotations

import logging
import threading
from collections import deque

from sqlalchemy import Engine

from core.errors import ServiceUnreachable
from db.claims import ClaimedJob
from db.commits import add_flag
from workers.engines.protocol import Generation
from workers.gpu.guard import GpuGuard
from workers.lifecycle.event_log import log_event
from workers.measurement.assessment import UsualClock, pace
from workers.measurement.sampler import MemorySampler, MemoryTrace

FOREIGN = "foreign_process"
#: Results that wait for a look, or for their flag; the oldest go first.
KEPT = 10_000

Attempt = tuple[int, int]


class Doubts:
    """Find the flags of one result after another. Safe for several threads."""

    def __init__(
        self, database: Engine, guard: GpuGuard | None, sampler: MemorySampler | None
    ) -> None:
        self._database = database
        self._guard = guard
        self._sampler = sampler
        self._usual = UsualClock()
        self._lock = threading.Lock()
        #: Results since the last look, with their first and last moment.
        self._unsure: deque[tuple[Attempt, float, float]] = deque(maxlen=KEPT)
        #: Results that were made beside somebody and do not say so yet.
        self._unflagged: deque[Attempt] = deque(maxlen=KEPT)

    def about(
        self, job: ClaimedJob, generation: Generation, boot_id: int, trace: MemoryTrace | None
    ) -> list[str]:
        """Return the flags of a result that is about to be committed; its trace must have ended."""
        guard = self._guard
        if guard is None:
            return []
        with self._lock:
            looked = self._look(guard)
            found = {
                str(incident.kind) for incident in guard.incidents_since(generation.submitted_s)
            }
            if not looked and FOREIGN not in found:
                self._unsure.append(
                    ((job.job_id, job.attempt_no), generation.submitted_s, generation.last_token_s)
                )
            if trace is not None:
                clock_mhz = pace(
                    trace.looks, generation.first_token_s, generation.last_token_s
                ).sm_clock_mhz
                # More sequences at once draw more power, so the card runs at another clock.
                if self._usual.dropped(clock_mhz, (boot_id, job.mode)):
                    found.add("clock_drop")
        return sorted(found)

    def _look(self, guard: GpuGuard) -> bool:
        """Look for others where no request runs, and flag what they disturbed; tell whether a look was made."""
        if self._sampler is None or self._sampler.while_idle(guard.look_around) is None:
            return False
        self._unflagged.extend(
            attempt for attempt, from_s, to_s in self._unsure if _shared(guard, from_s, to_s)
        )
        self._unsure.clear()
        if self._unflagged:
            self._flag()
        return True

    def _flag(self) -> None:
        """Flag what was committed before; what is not committed yet, or cannot be reached, is left for the next look."""
        try:
            flagged = add_flag(self._database, tuple(self._unflagged), FOREIGN)
        except ServiceUnreachable as error:
            log_event("flags.write_delayed", level=logging.WARNING, error=str(error))
            return
        waiting = [attempt for attempt in self._unflagged if attempt not in flagged]
        self._unflagged.clear()
        self._unflagged.extend(waiting)


def _shared(guard: GpuGuard, from_s: float, to_s: float) -> bool:
    return any(incident.kind == FOREIGN for incident in guard.incidents_between(from_s, to_s))
