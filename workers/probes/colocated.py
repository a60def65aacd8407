"""Engines of one model side by side on one card: started one by one, each in a host of its own, ended together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass

from core.model_spec import ModelSpec
from core.states import StartKind
from db.claims import ClaimedJob
from workers.engines.host import EngineHost
from workers.loading.loader import EngineLoader, EngineStart
from workers.probes.session import ProbeSession

LOOK_AGAIN_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ColocatedEngine:
    """One engine beside others."""

    host: EngineHost
    engine_start: EngineStart
    #: Seconds that its start took.
    start_s: float


class ColocatedEngines:
    """The engines that are up. All carry the worker's mark and end with it."""

    def __init__(
        self, session: ProbeSession, job: ClaimedJob, spec: ModelSpec, kind: StartKind
    ) -> None:
        self._session = session
        self._job = job
        self._spec = spec
        self._kind = kind
        self.up: list[ColocatedEngine] = []

    def start(self, *, on_progress: Callable[[], None]) -> ColocatedEngine:
        """Start one more, while the others are idle: starts at the same time would charge memory to each other.

        Raise what ``EngineLoader.start`` raises; nothing of this engine remains then, and the others stay.
        """
        session, guard = self._session, self._session.guard
        host = (
            EngineHost(session.context)
            if guard is None
            else EngineHost(session.context, before_start=guard.before_start)
        )
        began_s = time.monotonic()
        try:
            loader = EngineLoader(
                session.database, host, worker_id=session.worker_id, timeouts=session.timeouts
            )
            engine_start = loader.start(
                self._spec, self._job, kind=self._kind, on_progress=on_progress
            )
        except BaseException:
            host.close()
            raise
        neighbour = ColocatedEngine(
            host=host, engine_start=engine_start, start_s=time.monotonic() - began_s
        )
        self.up.append(neighbour)
        return neighbour

    def close(self, *, on_progress: Callable[[], None]) -> None:
        """End all of them at once and wait until they are gone. Raise what ending one of them raised."""
        ending, self.up = self.up, []
        if not ending:
            return
        with ThreadPoolExecutor(len(ending), thread_name_prefix="end-engine") as pool:
            ended = [pool.submit(one.host.close) for one in ending]
            while wait(ended, LOOK_AGAIN_S).not_done:
                on_progress()
        for one in ended:
            one.result()


@contextmanager
def neighbours(
    session: ProbeSession,
    job: ClaimedJob,
    spec: ModelSpec,
    *,
    kind: StartKind,
    on_progress: Callable[[], None],
) -> Iterator[ColocatedEngines]:
    """Give a place for engines side by side, which is empty again after the block."""
    place = ColocatedEngines(session, job, spec, kind)
    try:
        yield place
    finally:
        place.close(on_progress=on_progress)
