"""What a search works with: the worker's engine host, its card and sampler, and how much memory is in use."""

from __future__ import annotations

import os
import threading
import time
import uuid
from dataclasses import dataclass

from sqlalchemy import Engine

from db.claims import ClaimedJob
from workers.engines.host import EngineHost
from workers.engines.protocol import EngineContext
from workers.errors import GenerationCancelled
from workers.gpu.guard import GpuGuard
from workers.lifecycle.lease import Lease
from workers.lifecycle.timeouts import Timeouts
from workers.loading.loader import EngineLoader
from workers.measurement.process_memory import HostMemory
from workers.measurement.sampler import MemorySampler
from workers.probes.emulated_gpu import EmulatedGpu

#: Memory within so much of the base counts as given back.
BACK_WITHIN_MIB = 100.0
#: How long a card may take to give memory back; on an H100 it took under 4 s.
BACK_WITHIN_S = 15.0
LOOK_AGAIN_S = 0.2
#: Memory that fell by less than so much in such a time has settled.
STEADY_MIB = 16.0
SETTLED_FOR_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSession:
    """The place of one search; what it starts, it stops."""

    database: Engine
    worker_id: uuid.UUID
    context: EngineContext
    host: EngineHost
    loader: EngineLoader
    timeouts: Timeouts
    #: None where the memory of the engine is nobody's, as of a synthetic one.
    sampler: MemorySampler | None = None
    guard: GpuGuard | None = None
    #: None: the whole card.
    smaller: EmulatedGpu | None = None
    #: In use before the search, without what emulates a smaller card.
    base_mib: float | None = None

    @property
    def on_gpu(self) -> bool:
        """Whether engines run on a GPU."""
        return self.context.device == "cuda"

    @property
    def held_mib(self) -> float:
        """What emulates a smaller card, to be left out of every figure."""
        return 0.0 if self.smaller is None else self.smaller.held_mib

    def used_mib(self) -> float | None:
        """Return the MiB in use now, without what emulates a smaller card; None where nobody can tell."""
        if self.sampler is None:
            return None
        trace = self.sampler.end(self.sampler.begin())
        return float(trace.used_mib[-1]) - self.held_mib

    def kept_mib(self) -> float | None:
        """Return the MiB in use now that no idle engine gives back by itself: on a CPU without pages of mapped files."""
        if self.sampler is None or self.on_gpu:
            return self.used_mib()
        return HostMemory(os.getpid(), self.context.worker_mark).private_mib()

    def settled_mib(self, lease: Lease) -> float | None:
        """Return the MiB in use once they no longer fall, which a card's do for seconds after an engine has ended."""
        used_mib = self.used_mib()
        deadline_s = time.monotonic() + BACK_WITHIN_S
        while self.on_gpu and used_mib is not None and time.monotonic() < deadline_s:
            pause(lease, SETTLED_FOR_S)
            before_mib, used_mib = used_mib, self.used_mib()
            if used_mib is None or before_mib - used_mib < STEADY_MIB:
                break
        return used_mib

    def utilisation(self, share: float) -> float:
        """Return what vLLM has to be told for a share of the card that is probed."""
        return share if self.smaller is None else self.smaller.utilisation(share)

    def check(self) -> None:
        """Raise EngineError where the smaller card is emulated no more: what was found since is no answer."""
        if self.smaller is not None:
            self.smaller.check()

    def released(self, lease: Lease) -> float | None:
        """Wait, for a bounded time, until engines that have ended gave their memory back; return the MiB in use.

        On a CPU it comes back when the processes end; the libraries that the worker itself has loaded stay.
        """
        deadline_s = time.monotonic() + (BACK_WITHIN_S if self.on_gpu else 0.0)
        while True:
            used_mib = self.used_mib()
            back = (
                used_mib is None
                or self.base_mib is None
                or used_mib <= self.base_mib + BACK_WITHIN_MIB
            )
            if back or time.monotonic() > deadline_s:
                return used_mib
            pause(lease, LOOK_AGAIN_S)

    def incidents_since(self, at_s: float) -> tuple[str, ...]:
        """Return the kinds of what has happened on the card since a moment of the monotonic clock."""
        if self.guard is None:
            return ()
        return tuple(sorted({incident.kind for incident in self.guard.incidents_since(at_s)}))


def pause(lease: Lease, seconds: float) -> None:
    """Wait, which counts as progress. Raise GenerationCancelled where the attempt has been ended."""
    lease.progress()
    ended: threading.Event = lease.ended
    if ended.wait(seconds):
        raise GenerationCancelled("the search was given up")


def starting(job: ClaimedJob, lease: Lease) -> None:
    """Note that a start goes on, as ``on_progress`` of a start. Raise GenerationCancelled where the attempt was ended."""
    lease.progress()
    if lease.ended.is_set():
        raise GenerationCancelled(f"the start of an engine of model {job.spec.name!r} was given up")
