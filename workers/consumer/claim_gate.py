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
        stopping: Shutdown,
        card: GpuGuard | None,
        presence: Heartbeat,
        *,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._stopping = stopping
        self._card = card
        self._presence = presence
        self._look_every_s = look_every_s

    def closed(self) -> bool:
        """Tell whether no job may be claimed."""
        return self._stopping.halted.is_set() or (
            self._card is not None and self._card.dirty is not None
        )

    def wait(self) -> None:
        """Return when the card is clean, or the worker is halted; say meanwhile why no job is taken."""
        card = self._card
        if card is None or card.dirty is None or self._stopping.halted.is_set():
            return
        self._presence.stand(WorkerState.QUARANTINED)
        self._presence.note(card.dirty)
        while not self._stopping.halted.wait(self._look_every_s):
            if not card.clean():
                self._presence.note(card.dirty)
            elif not self._stopping.halted.is_set():
                self._presence.stand(None)
                self._presence.note(None)
                return
