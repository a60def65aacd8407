"""The power of the GPUs while the loaded engine has nothing to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from workers.measurement.sampler import MemorySampler, MemoryTrace

#: The driver reports power as a mean over about a second: what came before is out of it by then.
SETTLE_S = 1.5
#: The counter changes every 100 ms, so this is known within 5 %.
MEASURE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IdlePower:
    """Mean power over a moment in which no request ran."""

    watts: float
    #: As of ``WindowEnergy``.
    method: str


def idle_power(
    sampler: MemorySampler,
    on_progress: Callable[[], None],
    *,
    settle_s: float = SETTLE_S,
    measure_s: float = MEASURE_S,
) -> IdlePower | None:
    """Measure the power now; None, at once, where energy is not known.

    ``on_progress`` is called about every half second; what it raises ends the wait. Raise
    EngineError (SAMPLER_DIED) as the sampler does.
    """
    if sampler.end(sampler.begin()).energy is None:
        return None
    _wait(settle_s, on_progress)
    window = sampler.begin()
    try:
        _wait(measure_s, on_progress)
    finally:
        sampler.stop(window)
        trace = sampler.trace(window)
    return _mean(trace)


def _mean(trace: MemoryTrace) -> IdlePower | None:
    if trace.energy is None:
        return None
    watts = trace.energy.joules / (trace.ended_s - trace.started_s)
    return IdlePower(watts=watts, method=trace.energy.method)


def _wait(seconds: float, on_progress: Callable[[], None]) -> None:
    until_s = time.monotonic() + seconds
    while (left_s := until_s - time.monotonic()) > 0:
        time.sleep(min(0.5, left_s))
        on_progress()
