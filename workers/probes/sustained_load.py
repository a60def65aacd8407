"""Keep all engines of a GPU busy for a while, each with as many requests in flight as it takes."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from workers.engines.host import EngineHost
from workers.errors import EngineError, GenerationCancelled
from workers.loading.loader import EngineStart
from workers.measurement.measurement import Measurement
from workers.measurement.sampler import MemoryTrace
from workers.probes.burst import Burst, figures, need_mib
from workers.probes.colocated import ColocatedEngine
from workers.probes.session import ProbeSession
from workers.probes.trial import is_finding

POLL_S = 0.2


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SustainedLoad:
    """The result of the requests to one engine."""

    requests: int
    measured: tuple[Measurement, ...]
    #: Each with the monotonic second at which it came.
    errors: tuple[tuple[float, EngineError], ...]


class _Client:
    """Send one engine request after request, beside other clients."""

    def __init__(self, session: ProbeSession, host: EngineHost, over: threading.Event) -> None:
        self._session = session
        self._host = host
        self._over = over
        self.requests = 0
        self.measured: list[Measurement] = []
        self.error: tuple[float, EngineError] | None = None

    def run(self, name: str, seed: int, until_s: float) -> None:
        """Send at least one request, then more until the time is over or an engine has failed."""
        session = self._session
        while not self._over.is_set() and (self.requests == 0 or time.monotonic() < until_s):
            (request,) = session.plan.requests(f"{name}-{self.requests}", 1, seed + self.requests)
            self.requests += 1
            try:
                self.measured.append(
                    Measurement(
                        generation=self._host.generate(
                            request,
                            on_token=session.lease.progress,
                            cancel=self._over,
                            timeout_s=session.timeouts.silence_s,
                        )
                    )
                )
            except GenerationCancelled:
                return
            except EngineError as error:
                self.error = (time.monotonic(), error)
                self._over.set()


def sustain(
    session: ProbeSession, engines: Sequence[ColocatedEngine], name: str
) -> tuple[SustainedLoad, ...]:
    """Keep all engines busy for ``plan.hold_s`` or until one fails; raise what is not a finding."""
    over = threading.Event()
    until_s = time.monotonic() + session.plan.hold_s
    sizes = ((one.host, one.engine_start.sequences) for one in engines)
    clients = [[_Client(session, host, over) for _ in range(size)] for host, size in sizes]
    numbered = [
        (client, place, number)
        for place, row in enumerate(clients)
        for number, client in enumerate(row)
    ]
    with ThreadPoolExecutor(len(numbered), thread_name_prefix="sustained-load") as pool:
        running = [
            # Seeds far apart: no two requests of a level have the same prompt.
            pool.submit(
                client.run,
                f"{name}-{place}-{number}",
                session.job.sampling.seed + ((place << 10) + number << 16),
                until_s,
            )
            for client, place, number in numbered
        ]
        _end_with(session, running, over)
    session.progress()
    for one in running:
        one.result()  # A bug of ours is not hidden.
    loads = tuple(_result(row) for row in clients)
    for _, error in (error for load in loads for error in load.errors):
        if not is_finding(error):
            raise error
    return loads


def combined(loads: Sequence[SustainedLoad], began_s: float, trace: MemoryTrace | None) -> Burst:
    """Return the requests of all engines as one burst, with errors in the order they came."""
    errors = sorted((error for load in loads for error in load.errors), key=lambda error: error[0])
    return Burst(
        began_s=began_s,
        requests=sum(load.requests for load in loads),
        measured=tuple(measured for load in loads for measured in load.measured),
        errors=tuple(error for _, error in errors),
        trace=trace,
    )


def combined_figures(
    loads: Sequence[SustainedLoad], together: Burst, alone: EngineStart | None
) -> dict[str, Any]:
    """Return the figures of all engines: times over all requests, memory summed over the engines.

    ``alone`` is a start of this model without others, for the memory terms that the engines could
    not report.
    """
    bursts = [_burst(load, together, alone) for load in loads]
    if together.trace is not None and together.trace.kind == "host":
        needs_mib: list[float | None] = [together.trace.peak_mib]
    else:
        needs_mib = [need_mib(one) for one in bursts]
    return figures(together) | {
        # New requests come all the time here, and each waits for its first step.
        "waiting_steps": None,
        "kv_used_mib": _sum([one.most("kv_used_mib") for one in bursts]),
        "need_mib": _sum(needs_mib),
    }


def _end_with(
    session: ProbeSession, running: Sequence[Future[None]], over: threading.Event
) -> None:
    """Wait until the clients have ended, which the end of the attempt brings about."""
    while wait(running, POLL_S).not_done:
        if session.lease.ended.is_set():
            over.set()


def _result(clients: Sequence[_Client]) -> SustainedLoad:
    return SustainedLoad(
        requests=sum(client.requests for client in clients),
        measured=tuple(measured for client in clients for measured in client.measured),
        errors=tuple(client.error for client in clients if client.error is not None),
    )


def _burst(load: SustainedLoad, together: Burst, alone: EngineStart | None) -> Burst:
    """Return the requests of one engine alone."""
    measured = load.measured
    if alone is not None:
        measured = tuple(dataclasses.replace(one, start_memory=alone.memory) for one in measured)
    began_s, trace = together.began_s, together.trace
    sent = load.requests
    return Burst(began_s=began_s, requests=sent, measured=measured, errors=(), trace=trace)


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if values and len(known) == len(values) else None
