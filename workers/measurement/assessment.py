"""What a generation needed, how the GPU ran meanwhile, and why its numbers should be distrusted.

Listing the processes of a GPU stalls engines, so other processes are looked for only while no
request runs. One that is found casts doubt on every result since the last check that found none,
including those already committed.
"""

from __future__ import annotations

import logging
import statistics
import threading
from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from db.engine import DATABASE_ERRORS
from db.queue.claims import ClaimedJob
from db.queue.commits import add_flag
from workers.engines.protocol import BUFFERED, PER_GPU_TERMS, Generation, MemoryReport
from workers.gpu.group_guard import Guard
from workers.gpu.telemetry import GpuSample
from workers.lifecycle.event_log import log_event
from workers.measurement.measurement import Measurement
from workers.measurement.sampler import MemorySampler, MemoryTrace

FOREIGN = "foreign_process"
#: Results that wait for a check, or for their flag; the oldest are dropped first.
KEPT = 10_000
#: A clock below this share of the usual one is a drop; how many earlier results decide what is
#: usual, and how many are kept.
USUAL_SHARE = 0.95
USUAL_AFTER = 5
USUAL_OF = 100
#: The terms that add up to what a generation needs on a GPU; of the KV cache the used part counts.
_NEED_TERMS = ("context_mib", "weights_mib", "buffers_mib", "graphs_mib")

Attempt = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuConditions:
    """The GPU between the first and the last token; a value that no sample has is None."""

    #: Median of the samples.
    sm_clock_mhz: float | None = None
    #: The highest.
    temperature_c: float | None = None
    #: The mean.
    power_w: float | None = None
    #: Every reason in any sample, as NVML's bits.
    clock_event_reasons: int | None = None
    #: Whether anything but a setting lowered the clock.
    throttled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What follows from one measurement."""

    #: None where a term is unknown; of several GPUs, that of the one that needed most.
    need_mib: float | None
    #: Of each GPU of an engine over several; empty for one GPU and where a term is unknown.
    need_per_gpu_mib: tuple[float, ...] = ()
    gpu: GpuConditions
    #: Words that say why the measurement should be distrusted.
    flags: tuple[str, ...]


def gpu_conditions(samples: Iterable[GpuSample], from_s: float, to_s: float) -> GpuConditions:
    """Return the conditions between two monotonic seconds, unknown without a sample there."""
    within = [sample for sample in samples if from_s <= sample.at_s <= to_s]
    clocks = [sample.sm_clock_mhz for sample in within if sample.sm_clock_mhz is not None]
    temperatures = [sample.temperature_c for sample in within if sample.temperature_c is not None]
    powers = [sample.power_w for sample in within if sample.power_w is not None]
    reasons = [sample.reasons for sample in within if sample.reasons is not None]
    every_reason = 0
    for reason in reasons:
        every_reason |= reason
    return GpuConditions(
        sm_clock_mhz=float(statistics.median(clocks)) if clocks else None,
        temperature_c=float(max(temperatures)) if temperatures else None,
        power_w=statistics.fmean(powers) if powers else None,
        clock_event_reasons=every_reason if reasons else None,
        throttled=any(sample.throttled for sample in within),
    )


def need_mib(
    memory: MemoryReport, *, kv_used_mib: float | None, trace: MemoryTrace | None
) -> float | None:
    """Return the MiB that was needed, or None where a term is unknown.

    On a GPU: context + weights + buffers + activation peak + graphs + KV used, whatever was
    reserved beyond that. The activation peak is the larger of the profiled one and the run's; with
    only one of them the need could come out too small, so it stays unknown. Of several GPUs: that
    of the one that needed most. On a CPU: the resident peak of the engine's processes.
    """
    if memory.kind == "host":
        return None if trace is None else float(trace.peak_mib)
    if memory.kind is None:
        return None
    if memory.per_gpu:
        return max(need_per_gpu_mib(memory, kv_used_mib=kv_used_mib), default=None)
    return _need({name: getattr(memory, name) for name in PER_GPU_TERMS}, kv_used_mib)


def need_per_gpu_mib(memory: MemoryReport, *, kv_used_mib: float | None) -> tuple[float, ...]:
    """Return what each GPU of an engine over several needed; empty where a term is unknown.

    ``kv_used_mib`` is that of the GPU with the largest KV cache; all use the same share of theirs.
    """
    needs = [_need(terms, _kv_share(memory, terms, kv_used_mib)) for terms in memory.per_gpu]
    known = [need for need in needs if need is not None]
    return tuple(known) if len(known) == len(needs) else ()


def _kv_share(
    memory: MemoryReport, terms: Mapping[str, float | None], kv_used_mib: float | None
) -> float | None:
    own, largest = terms.get("kv_reserved_mib"), memory.kv_reserved_mib
    return (
        None if kv_used_mib is None or not largest or own is None else kv_used_mib * own / largest
    )


def _need(terms: Mapping[str, float | None], kv_used_mib: float | None) -> float | None:
    added = [*(terms.get(name) for name in _NEED_TERMS), kv_used_mib]
    activations = [terms.get(name) for name in ("activation_peak_mib", "activation_run_mib")]
    known = [term for term in added if term is not None]
    peaks = [peak for peak in activations if peak is not None]
    if len(known) < len(added) or len(peaks) < len(activations):
        return None
    return float(sum(known)) + max(peaks)


def flags(generation: Generation, incidents: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the flags: what the engine reported, then what happened on the GPU meanwhile."""
    reported = {
        "preempted": generation.preemptions,
        "compile": generation.compiled,
        # A label's prompt may come from a cache: that is what makes its time.
        "cached": generation.cached_tokens if generation.labels_by is None else None,
        "buffered": generation.untimed == BUFFERED,
        "other_model": generation.other_model,
        "no_finish_reason": generation.finish_reason == "unknown",
    }
    return (*(flag for flag, found in reported.items() if found), *sorted(set(incidents)))


class Assessor:
    """Assess one measurement after another. Safe for several threads."""

    def __init__(
        self, database: Engine, guard: Guard | None, sampler: MemorySampler | None
    ) -> None:
        self._database = database
        self._guard = guard
        self._sampler = sampler
        self._usual = UsualClock()
        self._lock = threading.Lock()
        #: Results since the last check, with their first and last moment.
        self._unchecked: deque[tuple[Attempt, float, float]] = deque(maxlen=KEPT)
        #: Results that were made beside another process and are not flagged yet.
        self._unflagged: deque[Attempt] = deque(maxlen=KEPT)

    def assess(self, job: ClaimedJob, measurement: Measurement) -> Assessment:
        """Assess a result with an ended trace, before its commit; may flag earlier rows as well."""
        generation, trace = measurement.generation, measurement.trace
        samples = () if trace is None else trace.gpu_samples
        gpu = gpu_conditions(samples, generation.first_token_s, generation.last_token_s)
        incidents = {"throttled"} if gpu.throttled else set()
        if self._guard is not None:
            with self._lock:
                incidents |= self._incidents(self._guard, job, generation)
                # More sequences at once draw more power, so the GPU runs at another clock.
                alike = (measurement.boot_id, job.mode)
                if trace is not None and self._usual.dropped(gpu.sm_clock_mhz, alike):
                    incidents.add("clock_drop")
        kv_used_mib = generation.kv_used_mib
        need = need_mib(measurement.memory, kv_used_mib=kv_used_mib, trace=trace)
        per_gpu = need_per_gpu_mib(measurement.memory, kv_used_mib=kv_used_mib)
        return Assessment(
            need_mib=need,
            need_per_gpu_mib=per_gpu,
            gpu=gpu,
            flags=flags(generation, incidents),
        )

    def _incidents(self, guard: Guard, job: ClaimedJob, generation: Generation) -> set[str]:
        checked = self._check_for_others(guard)
        found = {str(incident.kind) for incident in guard.incidents_since(generation.submitted_s)}
        if not checked and FOREIGN not in found:
            self._unchecked.append(
                ((job.job_id, job.attempt_no), generation.submitted_s, generation.last_token_s)
            )
        return found

    def _check_for_others(self, guard: Guard) -> bool:
        """Check for other processes if no request runs, and flag what they disturbed.

        Return whether a check was made.
        """
        if self._sampler is None or self._sampler.while_idle(guard.check_for_others) is None:
            return False
        self._unflagged.extend(
            attempt for attempt, from_s, to_s in self._unchecked if _shared(guard, from_s, to_s)
        )
        self._unchecked.clear()
        if self._unflagged:
            self._flag()
        return True

    def _flag(self) -> None:
        """Flag what is committed; the rest, and what fails, waits for the next check."""
        try:
            flagged = add_flag(self._database, tuple(self._unflagged), FOREIGN)
        except DATABASE_ERRORS as error:
            log_event("flags.write_delayed", level=logging.WARNING, error=str(error))
            return
        waiting = [attempt for attempt in self._unflagged if attempt not in flagged]
        self._unflagged.clear()
        self._unflagged.extend(waiting)


class UsualClock:
    """The clocks of earlier results made alike. Not safe for several threads."""

    def __init__(self) -> None:
        self._alike: Hashable = None
        self._clocks: deque[float] = deque(maxlen=USUAL_OF)

    def dropped(self, clock_mhz: float | None, alike: Hashable) -> bool:
        """Add a result's clock; return whether it is over 5 % below the median of earlier ones.

        At least five earlier clocks are needed. ``alike`` names what makes clocks comparable;
        another value begins anew. A dropped clock does not become usual later.
        """
        if alike != self._alike:
            self._alike = alike
            self._clocks.clear()
        if clock_mhz is None:
            return False
        usual_mhz = statistics.median(self._clocks) if len(self._clocks) >= USUAL_AFTER else 0.0
        if clock_mhz < USUAL_SHARE * usual_mhz:
            return True
        self._clocks.append(clock_mhz)
        return False


def _shared(guard: Guard, from_s: float, to_s: float) -> bool:
    return any(incident.kind == FOREIGN for incident in guard.incidents_between(from_s, to_s))
