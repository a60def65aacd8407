"""Run the job of a probe: keep the trials of earlier attempts, run and write those missing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy import Engine

from db.queue.claims import ClaimedJob
from db.queue.probes import end_search, read_points
from workers.engines.host import EngineHost
from workers.errors import EngineError
from workers.gpu.group_guard import Guard
from workers.lifecycle.event_log import log_event
from workers.lifecycle.lease import Lease
from workers.lifecycle.timeouts import Timeouts
from workers.loading.loader import EngineLoader
from workers.measurement.sampler import MemorySampler
from workers.probes.emulated_gpu import emulate_gpu
from workers.probes.max_context import MaxContext
from workers.probes.max_instances import MaxInstances
from workers.probes.max_sequences import MaxSequences
from workers.probes.session import Insist, ProbePlan, ProbeSession
from workers.probes.trial import Trial


class Search(Protocol):
    """One kind of probe."""

    def search(self) -> None:
        """Run the trials that the session does not hold yet and write each as soon as it has ended.

        Raise LeaseLost where the attempt no longer owns its job, GenerationCancelled once
        ``lease.ended`` is set, and EngineError for what is not a finding.
        """


#: Kind of probe: what searches.
KINDS: Mapping[str, Callable[[ProbeSession], Search]] = {
    "sequences": MaxSequences,
    "instances": MaxInstances,
    "context": MaxContext,
}

#: An older worker met a newer probe.
PROBE_UNKNOWN = "PROBE_UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prober:
    """Search limits for one worker, whose engine serves nothing else meanwhile."""

    database: Engine
    worker_id: uuid.UUID
    host: EngineHost
    loader: EngineLoader
    sampler: MemorySampler | None
    guard: Guard | None
    timeouts: Timeouts
    insist: Insist

    def run(self, job: ClaimedJob, lease: Lease) -> None:
        """Finish a search and its job; no engine runs before and after.

        A trial that fails is a point. Raise what ``Search.search`` raises, and ServiceUnreachable
        where the database stays away: the trials written so far stand, and the next attempt
        continues after them.
        """
        kind = KINDS.get(job.prompt)
        if kind is None or job.probe is None:
            known = f"this worker runs {', '.join(KINDS)}"
            sentence = f"unknown probe {job.prompt!r}: {known}"
            raise EngineError(sentence, error_class=PROBE_UNKNOWN, kind="rejected")
        plan = ProbePlan.from_probe(job.probe)
        trials = [Trial.from_row(row) for row in read_points(self.database, job.job_id)]
        log_event("probe.begun", points=len(trials), **job.log_context())
        self.loader.forget()
        with self._session(job, lease, plan, trials) as session:
            try:
                kind(session).search()
            finally:
                # Before the emulated GPU is given up, which waits for its memory.
                self.loader.forget()
        self.insist(lease, lambda: end_search(self.database, job.job_id, job.attempt_no))

    @contextmanager
    def _session(
        self, job: ClaimedJob, lease: Lease, plan: ProbePlan, trials: list[Trial]
    ) -> Iterator[ProbeSession]:
        """Open the session of a search, on an emulated GPU where the plan limits memory."""
        session = ProbeSession(
            database=self.database,
            worker_id=self.worker_id,
            host=self.host,
            loader=self.loader,
            timeouts=self.timeouts,
            insist=self.insist,
            job=job,
            lease=lease,
            plan=plan,
            trials=trials,
            # Engines that do not run here have no memory to sample.
            sampler=self.sampler if job.spec.engine == "vllm" else None,
            guard=self.guard,
        )
        session = replace(session, base_mib=session.settled_mib())
        if plan.memory_limit_mib is None:
            yield session
            return
        used = self.host.context.narrowed(job.spec.gpus)
        with emulate_gpu(used, plan.memory_limit_mib, guard=self.guard) as gpu:
            yield replace(session, emulated_gpu=gpu, base_mib=gpu.base_mib)
