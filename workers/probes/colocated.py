"""Engines of one model on one GPU: started one by one, each in its own host, ended together."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from workers.engines.host import EngineHost
from workers.loading.loader import EngineLoader, EngineStart
from workers.probes.engine_starts import InstanceSpec
from workers.probes.session import ProbeSession

POLL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ColocatedEngine:
    """One engine of several."""

    host: EngineHost
    engine_start: EngineStart
    #: Seconds that its start took.
    start_s: float


class ColocatedEngines:
    """The engines that run. All carry the worker's mark and end with it."""

    def __init__(self, session: ProbeSession, instance: InstanceSpec) -> None:
        self._session = session
        self._instance = instance
        self.running: list[ColocatedEngine] = []

    def start(self) -> None:
        """Start one more while the others are idle: simultaneous starts would mix up their memory.

        Raise what ``EngineLoader.start`` raises; nothing of this engine remains then, and the
        others stay.
        """
        session, instance = self._session, self._instance
        context, guard = session.host.context, session.guard
        host = (
            EngineHost(context)
            if guard is None
            else EngineHost(context, before_start=guard.before_start)
        )
        began_s = time.monotonic()
        try:
            loader = EngineLoader(
                session.database, host, worker_id=session.worker_id, timeouts=session.timeouts
            )
            engine_start = loader.start(
                instance.spec, session.job, kind=instance.kind, on_progress=session.progress
            )
        except BaseException:
            host.close()
            raise
        start_s = time.monotonic() - began_s
        self.running.append(ColocatedEngine(host=host, engine_start=engine_start, start_s=start_s))

    def close(self) -> None:
        """End all of them at once and wait until they have exited. Raise what ending one raised."""
        ending, self.running = self.running, []
        if not ending:
            return
        with ThreadPoolExecutor(len(ending), thread_name_prefix="end-engine") as pool:
            ended = [pool.submit(one.host.close) for one in ending]
            while wait(ended, POLL_S).not_done:
                self._session.lease.progress()
        for one in ended:
            one.result()
