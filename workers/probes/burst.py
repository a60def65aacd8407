"""Requests sent to one engine all at once, and their times, steps, memory and errors."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.engines.host import EngineHost
from workers.engines.protocol import GenerationRequest
from workers.errors import ENGINE_DEAD, EngineError
from workers.measurement import assessment
from workers.measurement.measurement import Measurement
from workers.measurement.sampler import MemoryTrace, watched
from workers.probes.session import ProbeSession
from workers.probes.trial import is_finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """The result of requests that were sent together."""

    #: Monotonic seconds.
    began_s: float
    requests: int
    measured: tuple[Measurement, ...]
    errors: tuple[EngineError, ...]
    trace: MemoryTrace | None

    @property
    def error(self) -> EngineError | None:
        """The error that explains most; most requests of an engine that ends only see it die."""
        return min(
            self.errors,
            key=lambda e: (e.kind != "out_of_memory", e.error_class == ENGINE_DEAD),
            default=None,
        )

    @property
    def preemptions(self) -> int | None:
        """The preemptions of the engine, which every request sees; None where it reports none."""
        most = self.most("engine_preemptions")
        return None if most is None else int(most)

    def most(self, name: str) -> float | None:
        """Return the largest figure of the generations; None where it is unknown for any."""
        found = self._known(name)
        return None if found is None else max(found)

    def _known(self, name: str) -> list[Any] | None:
        found = [getattr(one.generation, name) for one in self.measured]
        return None if not found or None in found else found


def send(
    session: ProbeSession,
    requests: Sequence[GenerationRequest],
    *,
    host: EngineHost | None = None,
    sampled: bool = False,
) -> Burst:
    """Send the requests all at once and wait until each has ended.

    They go to the worker's own engine unless ``host`` names another. Raise GenerationCancelled
    where the attempt was ended, and an error that is not a finding.
    """

    def measure(request: GenerationRequest) -> Measurement:
        generation = (host or session.host).generate(
            request,
            on_token=session.lease.progress,
            cancel=session.lease.ended,
            timeout_s=session.timeouts.silence_s,
        )
        return Measurement(generation=generation)

    began_s = time.monotonic()
    with (
        watched(session.sampler if sampled else None) as watch,
        ThreadPoolExecutor(len(requests), thread_name_prefix="probe") as pool,
    ):
        sent = [pool.submit(measure, request) for request in requests]
    measured, errors = _sorted(sent)
    return Burst(
        began_s=began_s, requests=len(requests), measured=measured, errors=errors, trace=watch.trace
    )


def figures(burst: Burst) -> dict[str, Any]:
    """Return the fields of a trial that follow from its generations and memory trace."""
    made = [one.generation for one in burst.measured]
    ttft_ms, e2e_s = [one.ttft_ms for one in made], [one.e2e_s for one in made]
    first_s = min((one.submitted_s for one in made), default=0.0)
    busy_s = max((one.last_token_s for one in made), default=0.0) - first_s
    return {
        "requests": burst.requests,
        "errors": len(burst.errors),
        "preemptions": burst.preemptions,
        "waiting_steps": burst.most("waiting_steps"),
        "ttft_p50_ms": percentile(ttft_ms, 50),
        "ttft_p95_ms": percentile(ttft_ms, 95),
        "e2e_p50_s": percentile(e2e_s, 50),
        "e2e_p95_s": percentile(e2e_s, 95),
        "tokens_per_s": sum(one.output_tokens for one in made) / busy_s if busy_s > 0 else None,
        "memory_kind": None if burst.trace is None else burst.trace.kind,
        "kv_used_mib": burst.most("kv_used_mib"),
        "need_mib": need_mib(burst),
    }


def need_mib(burst: Burst) -> float | None:
    """Return the MiB of all together: KV cache by its summed peak, activation by its largest."""
    if not burst.measured:
        return None
    last = burst.measured[-1]
    reported = (one.memory.activation_run_mib for one in burst.measured)
    runs = [mib for mib in reported if mib is not None]
    memory = dataclasses.replace(last.memory, activation_run_mib=max(runs, default=None))
    return assessment.need_mib(memory, kv_used_mib=burst.most("kv_used_mib"), trace=burst.trace)


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return a percentile as SQL's ``percentile_cont`` does, None where there are no values."""
    return float(np.percentile(values, percent, method="linear")) if values else None


def _sorted(
    sent: Sequence[Future[Measurement]],
) -> tuple[tuple[Measurement, ...], tuple[EngineError, ...]]:
    """Return the generations and the findings. Raise what is neither."""
    measured, errors = [], []
    for future in sent:
        error = future.exception()
        if error is None:
            measured.append(future.result())
        elif isinstance(error, EngineError):
            errors.append(error)
        else:
            raise error  # GenerationCancelled, or a bug of ours.
    for found in errors:
        if not is_finding(found):
            raise found
    return tuple(measured), tuple(errors)
