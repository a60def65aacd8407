"""One search at work: its job, plan, engine and trials, and the memory it runs in."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from core.sampling_params import SamplingParams
from db.queue.claims import ClaimedJob
from db.queue.probes import add_point
from workers.engines.host import EngineHost
from workers.engines.protocol import GenerationRequest
from workers.errors import GenerationCancelled
from workers.gpu.group_guard import Guard
from workers.lifecycle.event_log import log_event
from workers.lifecycle.lease import Lease
from workers.lifecycle.timeouts import Timeouts
from workers.loading.loader import EngineLoader, EngineStart
from workers.measurement.process_memory import HostMemory
from workers.measurement.sampler import MemorySampler
from workers.probes.emulated_gpu import EmulatedGpu
from workers.probes.trial import Trial

#: Memory counts as returned once it is within this distance of the base.
RETURNED_WITHIN_MIB = 100.0
#: How long a GPU may take to return memory; an H100 took under 4 s.
RETURNED_WITHIN_S = 15.0
POLL_S = 0.2
#: Memory has settled once it fell by less than this in ``SETTLED_FOR_S``.
STEADY_MIB = 16.0
SETTLED_FOR_S = 1.0

#: Repeats a fenced write while the database is away.
Insist = Callable[[Lease, Callable[[], None]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePlan:
    """What a search is to find: the document of ``job.probe``, with what its kind uses."""

    #: Highest level.
    max_level: int = 64
    #: Trials of a level; of instances, ramps.
    trials: int = 3
    #: Of each request.
    input_tokens: int = 256
    output_tokens: int = 512
    #: Longest 95th percentile of E2E; None: any.
    sla_s: float | None = None
    #: How long colocated engines are kept busy at each level.
    hold_s: float = 60.0
    #: Context lengths in tokens, of the kind that probes them.
    levels: tuple[int, ...] = ()
    #: Size of a smaller GPU to emulate; None: the whole GPU.
    memory_limit_mib: float | None = None
    #: KV cache of each colocated engine; None: room for ``max_num_seqs`` sequences of full length.
    kv_mib: float | None = None

    @classmethod
    def from_probe(cls, probe: Mapping[str, Any]) -> ProbePlan:
        """Read the document of a job, which names the kind as well."""
        given = {key: value for key, value in probe.items() if key in cls.__dataclass_fields__}
        return cls(**given | {"levels": tuple(probe.get("levels", ()))})

    def requests(
        self, name: str, count: int, seed: int, *, waiting_after_steps: int = 0
    ) -> list[GenerationRequest]:
        """Return ``count`` requests of the fixed length, each with its own token ids."""
        return [
            GenerationRequest(
                request_id=f"{name}-{number}",
                messages=(),
                waiting_after_steps=waiting_after_steps,
                sampling=SamplingParams(
                    max_tokens=self.output_tokens,
                    seed=seed + number,
                    fixed_input_tokens=self.input_tokens,
                    fixed_output_tokens=self.output_tokens,
                ),
            )
            for number in range(count)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSession:
    """A search for one job, from its first trial to its last; what it starts, it stops."""

    database: Engine
    worker_id: uuid.UUID
    host: EngineHost
    loader: EngineLoader
    timeouts: Timeouts
    insist: Insist
    job: ClaimedJob
    lease: Lease
    plan: ProbePlan
    #: All trials so far, those of earlier attempts first.
    trials: list[Trial]
    #: None where the engine has no memory of ours to sample, as a synthetic one.
    sampler: MemorySampler | None = None
    guard: Guard | None = None
    #: None: the whole GPU.
    emulated_gpu: EmulatedGpu | None = None
    #: In use before the search, without the ballast of an emulated GPU.
    base_mib: float | None = None

    @property
    def on_gpu(self) -> bool:
        """Whether engines run on a GPU."""
        return self.host.context.device == "cuda"

    @property
    def has_started(self) -> bool:
        """Whether an engine of this search has ever started."""
        return any(trial.boot_id is not None for trial in self.trials)

    @property
    def held_mib(self) -> float:
        """The ballast of an emulated GPU, which every figure leaves out."""
        return 0.0 if self.emulated_gpu is None else self.emulated_gpu.held_mib

    def request_name(self, level: int, trial: int) -> str:
        """Return what the names of a trial's requests begin with."""
        return f"{self.job.job_id}-{self.job.attempt_no}-{level}-{trial}"

    def progress(self) -> None:
        """Note progress, as of a start. Raise GenerationCancelled where the attempt was ended."""
        self.lease.progress()
        if self.lease.ended.is_set():
            raise GenerationCancelled(f"the search on model {self.job.spec.name!r} was cancelled")

    def serves(self, engine_start: EngineStart) -> bool:
        """Return whether this start still serves in the worker's own host."""
        return self.host.engine_start is engine_start.report

    def unload(self) -> float | None:
        """Unload the engine in the worker's own host, and return what ``released`` does."""
        self.loader.forget()
        return self.released()

    def write(self, trial: Trial) -> None:
        """Store a trial and append it; raise LeaseLost where the attempt lost its job."""
        job, ordinal, document = self.job, len(self.trials) + 1, trial.to_document()
        self.insist(
            self.lease,
            lambda: add_point(self.database, job.job_id, job.attempt_no, ordinal, document),
        )
        self.trials.append(trial)
        self.restart_clock()
        outcome, reason = trial.outcome.value, trial.reason
        facts: dict[str, Any] = {"tried": trial.level, "trial": trial.trial}
        facts |= {"outcome": outcome, "reason": reason}
        log_event("probe.point", **facts, **job.log_context())

    def restart_clock(self) -> None:
        """Give the next trial the whole time of a job: a search as a whole may take longer."""
        self.lease.claimed_s = time.monotonic()

    def used_mib(self) -> float | None:
        """Return the MiB in use now, without the ballast of an emulated GPU; None where unknown."""
        if self.sampler is None:
            return None
        trace = self.sampler.end(self.sampler.begin())
        return float(trace.used_mib[-1]) - self.held_mib

    def kept_mib(self) -> float | None:
        """Return the MiB that an idle engine keeps: on a CPU without pages of mapped files."""
        if self.sampler is None or self.on_gpu:
            return self.used_mib()
        return HostMemory(os.getpid(), self.host.context.worker_mark).private_mib()

    def settled_mib(self) -> float | None:
        """Return the MiB in use once they stop falling, seconds after an engine ended on a GPU."""
        used_mib = self.used_mib()
        deadline_s = time.monotonic() + RETURNED_WITHIN_S
        while self.on_gpu and used_mib is not None and time.monotonic() < deadline_s:
            self._pause(SETTLED_FOR_S)
            before_mib, used_mib = used_mib, self.used_mib()
            if used_mib is None or before_mib - used_mib < STEADY_MIB:
                break
        return used_mib

    def released(self) -> float | None:
        """Wait for a bounded time until ended engines returned their memory; return the MiB in use.

        On a CPU memory returns as the processes end; libraries that the worker itself has loaded
        stay.
        """
        deadline_s = time.monotonic() + (RETURNED_WITHIN_S if self.on_gpu else 0.0)
        while True:
            used_mib = self.used_mib()
            returned = (
                used_mib is None
                or self.base_mib is None
                or used_mib <= self.base_mib + RETURNED_WITHIN_MIB
            )
            if returned or time.monotonic() > deadline_s:
                return used_mib
            self._pause(POLL_S)

    def check(self) -> None:
        """Raise EngineError where the smaller GPU is no longer emulated and findings are void."""
        if self.emulated_gpu is not None:
            self.emulated_gpu.check()

    def incidents_since(self, at_s: float) -> tuple[str, ...]:
        """Return the kinds of incidents on the GPU since a moment of the monotonic clock."""
        if self.guard is None:
            return ()
        return tuple(sorted({incident.kind for incident in self.guard.incidents_since(at_s)}))

    def _pause(self, seconds: float) -> None:
        """Wait, which counts as progress. Raise GenerationCancelled where the attempt was ended."""
        self.lease.progress()
        ended: threading.Event = self.lease.ended
        if ended.wait(seconds):
            self.progress()
