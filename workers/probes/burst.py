"""Requests sent to one engine all at once, and what came of them: times, steps, memory and errors as figures of a trial."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from workers.engines.host import EngineHost
from workers.engines.protocol import GenerationRequest
from workers.errors import ENGINE_DEAD, EngineError
from workers.lifecycle.lease import Lease
from workers.measurement import assessment
from workers.measurement.measurement import Measurement
from workers.measurement.sampler import MemorySampler, MemoryTrace, watched
from workers.probes.trial import is_finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """What came of requests that were sent together."""

    #: Monotonic seconds.
    began_s: float
    requests: int
    measured: tuple[Measurement, ...]
    errors: tuple[EngineError, ...]
    trace: MemoryTrace | None

    @property
    def error(self) -> EngineError | None:
        """The error that says most: when an engine ends, most of its requests only see that it died."""
        return min(
            self.errors,
            key=lambda e: (e.kind != "out_of_memory", e.error_class == ENGINE_DEAD),
            default=None,
        )

    @property
    def preemptions(self) -> int | None:
        """How often the engine preempted any of them; None where it does not tell.

        The most that one of them saw, as all see the same ones; those after the last had ended are nobody's.
        """
        most = self.most("engine_preemptions")
        return None if most is None else int(most)

    def most(self, name: str) -> float | None:
        """Return the largest figure of the generations; None where it is not known of all."""
        found = self._known(name)
        return None if found is None else max(found)

    def _known(self, name: str) -> list[Any] | None:
        found = [getattr(one.generation, name) for one in self.measured]
        return None if not found or None in found else found


def send(
    host: EngineHost,
    requests: Sequence[GenerationRequest],
    *,
    lease: Lease,
    sampler: MemorySampler | None,
    silence_s: float,
) -> Burst:
    """Send the requests all at once and wait until each has ended.

    Raise GenerationCancelled where the attempt was ended meanwhile, and an error that is no finding.
    """

    def ask(request: GenerationRequest) -> Measurement:
        return Measurement(
            generation=host.generate(
                request, on_token=lease.progress, cancel=lease.ended, timeout_s=silence_s
            )
        )

    began_s = time.monotonic()
    with (
        watched(sampler) as watch,
        ThreadPoolExecutor(len(requests), thread_name_prefix="probe") as pool,
    ):
        asked = [pool.submit(ask, request) for request in requests]
    measured, errors = _sorted(asked)
    return Burst(
        began_s=began_s, requests=len(requests), measured=measured, errors=errors, trace=watch.trace
    )


def figures(burst: Burst) -> dict[str, Any]:
    """Return the figures of a trial that the generations and the memory's trace give, by the names of its fields."""
    made = [one.generation for one in burst.measured]
    ttft_ms, e2e_s = [one.ttft_ms for one in made], [one.e2e_s for one in made]
    busy_s = (
        max(one.last_token_s for one in made) - min(one.submitted_s for one in made)
        if made
        else 0.0
    )
    return {
        "requests": burst.requests,
        "errors": len(burst.errors),
        "preemptions": burst.preemptions,
        "waiting_steps": burst.most("waiting_steps"),
        "ttft_p50_ms": percentile(ttft_ms, 0.5),
        "ttft_p95_ms": percentile(ttft_ms, 0.95),
        "e2e_p50_s": percentile(e2e_s, 0.5),
        "e2e_p95_s": percentile(e2e_s, 0.95),
        "tokens_per_s": sum(one.output_tokens for one in made) / busy_s if busy_s > 0 else None,
        "memory_kind": None if burst.trace is None else burst.trace.kind,
        "kv_used_mib": burst.most("kv_used_mib"),
        "need_mib": need_mib(burst),
    }


def need_mib(burst: Burst) -> float | None:
    """Return what the engine needed for all of the requests together; None where a term is not known.

    The KV cache counts with its peak over all of them, the activation with its largest.
    """
    if not burst.measured:
        return None
    last = burst.measured[-1]
    runs = [
        one.memory.activation_run_mib
        for one in burst.measured
        if one.memory.activation_run_mib is not None
    ]
    memory = dataclasses.replace(last.memory, activation_run_mib=max(runs, default=None))
    return assessment.need_mib(memory, kv_used_mib=burst.most("kv_used_mib"), trace=burst.trace)


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return a percentile as SQL's ``percentile_cont`` does, None of nothing."""
    if not values:
        return None
    ordered, place = sorted(values), share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _sorted(
    asked: Sequence[Future[Measurement]],
) -> tuple[tuple[Measurement, ...], tuple[EngineError, ...]]:
    measured, errors = [], []
    for future in asked:
        error = future.exception()
        if error is None:
            measured.append(future.result())
        elif isinstance(error, EngineError):
            errors.append(error)
        else:
            raise error  # GenerationCancelled, or a fault of our own.
    for found in errors:
        if not is_finding(found):
            raise found
    return tuple(measured), tuple(errors)
