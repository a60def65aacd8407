"""Whether this worker may claim a job now: not while it ends or other processes use its GPU."""

from __future__ import annotations

from core.states import WorkerState
from workers.gpu.group_guard import Guard
from workers.lifecycle.heartbeat import Heartbeat
from workers.lifecycle.shutdown import Shutdown

#: How often a dirty GPU is swept again. No engine runs on it meanwhile, so listing processes
#: disturbs none.
SWEEP_EVERY_S = 5.0


class ClaimGate:
    """Closed while the worker is halted or its GPU is dirty; a dirty GPU is waited for."""

    def __init__(
        self,
        shutdown: Shutdown,
        guard: Guard | None,
        heartbeat: Heartbeat,
        *,
        sweep_every_s: float = SWEEP_EVERY_S,
    ) -> None:
        self._shutdown = shutdown
        self._guard = guard
        self._heartbeat = heartbeat
        self._sweep_every_s = sweep_every_s

    def closed(self) -> bool:
        """Return whether no job may be claimed."""
        return self._shutdown.halted.is_set() or (
            self._guard is not None and self._guard.dirty is not None
        )

    def wait(self) -> None:
        """Return when the GPU is clean or the worker is halted; report why no job is taken."""
        guard = self._guard
        if guard is None or guard.dirty is None or self._shutdown.halted.is_set():
            return
        self._heartbeat.override(WorkerState.QUARANTINED)
        self._heartbeat.note(guard.dirty)
        while not self._shutdown.halted.wait(self._sweep_every_s):
            if not guard.clean():
                self._heartbeat.note(guard.dirty)
            elif not self._shutdown.halted.is_set():
                self._heartbeat.override(None)
                self._heartbeat.note(None)
                return
