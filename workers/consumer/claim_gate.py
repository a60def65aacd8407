"""Whether this worker may claim a job now: not while it ends, and not while its card is in others' use."""

from __future__ import annotations

from core.states import WorkerState
from workers.gpu.guard import GpuGuard
from workers.lifecycle.heartbeat import Heartbeat
from workers.lifecycle.shutdown import Shutdown

#: How often a card in others' use is looked at again. No engine runs on it meanwhile, so listing disturbs nobody.
LOOK_EVERY_S = 5.0


class ClaimGate:
    """Closed while the worker is halted or its card is dirty; a dirty card is waited for."""

    def __init__(
        self,
        shutdown: Shutdown,
        guard: GpuGuard | None,
        heartbeat: Heartbeat,
        *,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._shutdown = shutdown
        self._guard = guard
        self._heartbeat = heartbeat
        self._look_every_s = look_every_s

    def closed(self) -> bool:
        """Tell whether no job may be claimed."""
        return self._shutdown.halted.is_set() or (
            self._guard is not None and self._guard.dirty is not None
        )

    def wait(self) -> None:
        """Return when the card is clean, or the worker is halted; say meanwhile why no job is taken."""
        guard = self._guard
        if guard is None or guard.dirty is None or self._shutdown.halted.is_set():
            return
        self._heartbeat.stand(WorkerState.QUARANTINED)
        self._heartbeat.note(guard.dirty)
        while not self._shutdown.halted.wait(self._look_every_s):
            if not guard.clean():
                self._heartbeat.note(guard.dirty)
            elif not self._shutdown.halted.is_set():
                self._heartbeat.stand(None)
                self._heartbeat.note(None)
                return
