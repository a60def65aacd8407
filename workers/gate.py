"""Whether this worker may claim a job now: not while it ends, and not while its card is in others' use."""

from __future__ import annotations

from db.states import WorkerState
from workers.card import Card
from workers.presence import Presence
from workers.stopping import Stopping

#: How often a card in others' use is looked at again. No engine runs on it meanwhile, so listing disturbs nobody.
LOOK_EVERY_S = 5.0


class WorkerGate:
    """Closed while the worker is halted or its card is dirty; a dirty card is waited for."""

    def __init__(
        self, stopping: Stopping, card: Card | None, presence: Presence, *, look_every_s: float = LOOK_EVERY_S
    ) -> None:
        self._stopping = stopping
        self._card = card
        self._presence = presence
        self._look_every_s = look_every_s

    def closed(self) -> bool:
        """Tell whether no job may be claimed."""
        return self._stopping.halted.is_set() or (self._card is not None and self._card.dirty is not None)

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
