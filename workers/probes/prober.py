"""Run the job of a probe: what earlier attempts found is kept, what is missing is searched, each trial is written at once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine

from db.claims import ClaimedJob
from db.probes import add_point, end_search, read_points
from workers.engines.host import EngineHost
from workers.engines.protocol import EngineContext
from workers.errors import EngineError
from workers.gpu.guard import GpuGuard
from workers.lifecycle.event_log import log_event
from workers.lifecycle.lease import Lease
from workers.lifecycle.timeouts import Timeouts
from workers.loading.loader import EngineLoader
from workers.measurement.sampler import MemorySampler
from workers.probes.emulated_gpu import emulate_gpu
from workers.probes.max_context import MaxContext
from workers.probes.max_instances import MaxInstances
from workers.probes.max_sequences import MaxSequences
from workers.probes.plan import Plan
from workers.probes.session import ProbeSession
from workers.probes.trial import Search, Trial

#: Kind of probe: what searches.
KINDS: Mapping[str, Callable[[ProbeSession], Search]] = {
    "sequences": MaxSequences,
    "instances": MaxInstances,
    "context": MaxContext,
}

#: An older worker met a newer probe.
PROBE_UNKNOWN = "PROBE_UNKNOWN"

#: Repeats a fenced write while the database is away.
Insist = Callable[[Lease, Callable[[], None]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prober:
    """Searches limits for one worker. Nothing else may use its engine meanwhile."""

    database: Engine
    worker_id: uuid.UUID
    context: EngineContext
    host: EngineHost
    loader: EngineLoader
    sampler: MemorySampler | None
    guard: GpuGuard | None
    timeouts: Timeouts
    insist: Insist

    def run(self, job: ClaimedJob, lease: Lease) -> None:
        """Bring a search to its end and finish its job; no engine is up before and after.

        A trial's failure is a point. Raise LeaseLost where the attempt is not the job's any more, GenerationCancelled where
        it was ended, EngineError for what is no finding, ServiceUnreachable where the database stays away: the trials
        written so far stand, and the next attempt goes on after them.
        """
        kind = KINDS.get(job.prompt)
        if kind is None or job.probe is None:
            raise EngineError(
                f"this worker knows no probe {job.prompt!r}; it knows {', '.join(KINDS)}",
                error_class=PROBE_UNKNOWN,
                kind="rejected",
            )
        done = [Trial.from_row(row) for row in read_points(self.database, job.job_id)]
        log_event("probe.begun", points=len(done), **job.log_context())
        self.loader.forget()
        with self._session(job, lease) as session:
            try:
                kind(session).search(job, lease, done, self._writer(job, lease, len(done)))
            finally:
                # Before the smaller card is given up: its memory is waited for then.
                self.loader.forget()
        self.insist(lease, lambda: end_search(self.database, job.job_id, job.attempt_no))

    def _writer(self, job: ClaimedJob, lease: Lease, written: int) -> Callable[[Trial], None]:
        def write(trial: Trial) -> None:
            nonlocal written
            written += 1
            ordinal = written
            document = trial.to_document()
            self.insist(
                lease,
                lambda: add_point(self.database, job.job_id, job.attempt_no, ordinal, document),
            )
            # A search may take longer than a job: what is overdue is a trial.
            lease.claimed_s = time.monotonic()
            facts: dict[str, Any] = {
                "tried": trial.level,
                "trial": trial.trial,
                "outcome": trial.outcome.value,
                "reason": trial.reason,
            }
            log_event("probe.point", **facts, **job.log_context())

        return write

    @contextmanager
    def _session(self, job: ClaimedJob, lease: Lease) -> Iterator[ProbeSession]:
        """Give the place of a search, on a smaller card where one is to be emulated."""
        assert job.probe is not None
        session = ProbeSession(
            database=self.database,
            worker_id=self.worker_id,
            context=self.context,
            host=self.host,
            loader=self.loader,
            timeouts=self.timeouts,
            # Engines that are not run here have no memory that could be seen.
            sampler=self.sampler if job.spec.engine == "vllm" else None,
            guard=self.guard,
        )
        session = replace(session, base_mib=session.settled_mib(lease))
        limit_mib = Plan.from_probe(job.probe).memory_limit_mib
        if limit_mib is None:
            yield session
            return
        with emulate_gpu(self.context, limit_mib, guard=self.guard) as smaller:
            yield replace(session, smaller=smaller, base_mib=smaller.base_mib)
