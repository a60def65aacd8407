"""All engines of a card kept busy for a while: in each as many requests in flight as it takes, again and again."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from workers.engines.host import EngineHost
from workers.errors import EngineError, GenerationCancelled
from workers.lifecycle.lease import Lease
from workers.loading.loader import EngineStart
from workers.measurement.measurement import Measurement
from workers.measurement.sampler import MemoryTrace
from workers.probes.burst import Burst, figures, need_mib
from workers.probes.colocated import ColocatedEngine
from workers.probes.plan import Plan
from workers.probes.trial import is_finding

LOOK_AGAIN_S = 0.2


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What came of the requests to one engine."""

    requests: int
    measured: tuple[Measurement, ...]
    #: With the monotonic second at which each came.
    errors: tuple[tuple[float, EngineError], ...]


class _Asker:
    """Ask one engine one request after another, as one of several."""

    def __init__(
        self, host: EngineHost, plan: Plan, lease: Lease, *, over: threading.Event, silence_s: float
    ) -> None:
        self._host = host
        self._plan = plan
        self._lease = lease
        self._over = over
        self._silence_s = silence_s
        self.requests = 0
        self.measured: list[Measurement] = []
        self.error: tuple[float, EngineError] | None = None

    def run(self, name: str, seed: int, until_s: float) -> None:
        """Ask at least once, then until the time is over or an engine has failed; the last request is let end."""
        while not self._over.is_set() and (self.requests == 0 or time.monotonic() < until_s):
            (request,) = self._plan.requests(f"{name}-{self.requests}", 1, seed + self.requests)
            self.requests += 1
            try:
                self.measured.append(
                    Measurement(
                        generation=self._host.generate(
                            request,
                            on_token=self._lease.progress,
                            cancel=self._over,
                            timeout_s=self._silence_s,
                        )
                    )
                )
            except GenerationCancelled:
                return
            except EngineError as error:
                self.error = (time.monotonic(), error)
                self._over.set()


def hold(
    engines: Sequence[ColocatedEngine],
    plan: Plan,
    lease: Lease,
    *,
    name: str,
    seed: int,
    silence_s: float,
) -> tuple[Loaded, ...]:
    """Keep all engines busy for ``plan.hold_s`` or until one of them fails, and return what came of it, engine by engine.

    Raise GenerationCancelled where the attempt was ended meanwhile, and an error that is no finding.
    """
    over = threading.Event()
    until_s = time.monotonic() + plan.hold_s
    askers = [
        [
            _Asker(engine.host, plan, lease, over=over, silence_s=silence_s)
            for _ in range(engine.engine_start.sequences)
        ]
        for engine in engines
    ]
    everyone = [
        (asker, place, number)
        for place, row in enumerate(askers)
        for number, asker in enumerate(row)
    ]
    with ThreadPoolExecutor(len(everyone), thread_name_prefix="hold") as pool:
        asked = [
            # Seeds far apart: no two requests of a level have the same prompt.
            pool.submit(
                asker.run,
                f"{name}-{place}-{number}",
                seed + ((place << 10) + number << 16),
                until_s,
            )
            for asker, place, number in everyone
        ]
        _follow(asked, lease, over)
    if lease.ended.is_set():
        raise GenerationCancelled("the search was given up")
    for one in asked:
        one.result()  # A fault of our own is not hidden.
    loaded = tuple(_loaded(row) for row in askers)
    for _, error in (error for one in loaded for error in one.errors):
        if not is_finding(error):
            raise error
    return loaded


def all_together(loaded: Sequence[Loaded], began_s: float, trace: MemoryTrace | None) -> Burst:
    """Return the requests of all engines as one burst, the errors in the order in which they came."""
    errors = sorted((error for one in loaded for error in one.errors), key=lambda error: error[0])
    return Burst(
        began_s=began_s,
        requests=sum(one.requests for one in loaded),
        measured=tuple(measured for one in loaded for measured in one.measured),
        errors=tuple(error for _, error in errors),
        trace=trace,
    )


def figures_of_all(
    loaded: Sequence[Loaded], together: Burst, alone: EngineStart | None
) -> dict[str, Any]:
    """Return the figures of a trial over all engines: times over all requests, memory as the sum of the engines'.

    ``alone`` is a start of this model alone, for the terms of memory that the others could not tell.
    """
    apart = [_apart(one, together, alone) for one in loaded]
    host = together.trace is not None and together.trace.kind == "host"
    needs = (
        [together.trace.peak_mib]
        if host and together.trace is not None
        else [need_mib(one) for one in apart]
    )
    return figures(together) | {
        # New requests come in all the time here, and each waits for its first step.
        "waiting_steps": None,
        "kv_used_mib": _sum([one.most("kv_used_mib") for one in apart]),
        "need_mib": _sum(needs),
    }


def _follow(asked: Sequence[Future[None]], lease: Lease, over: threading.Event) -> None:
    while wait(asked, LOOK_AGAIN_S).not_done:
        if lease.ended.is_set():
            over.set()


def _loaded(askers: Sequence[_Asker]) -> Loaded:
    return Loaded(
        requests=sum(asker.requests for asker in askers),
        measured=tuple(measured for asker in askers for measured in asker.measured),
        errors=tuple(asker.error for asker in askers if asker.error is not None),
    )


def _apart(loaded: Loaded, together: Burst, alone: EngineStart | None) -> Burst:
    measured = loaded.measured
    if alone is not None:
        measured = tuple(dataclasses.replace(one, start_memory=alone.memory) for one in measured)
    return Burst(
        began_s=together.began_s,
        requests=loaded.requests,
        measured=measured,
        errors=(),
        trace=together.trace,
    )


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if values and len(known) == len(values) else None
