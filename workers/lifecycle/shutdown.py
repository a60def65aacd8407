"""How a worker ends: asked once it finishes its job, asked again or too slow it hands it back.

Signals, the request to drain in the worker's row and a GPU in quarantine all lead here; one thread
follows them, so that nothing has to be decided inside a signal handler, where taking a lock may
wait for ever.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto

from db.queue.claims import DRAINED, GPU_QUARANTINED
from workers.lifecycle.event_log import log_event

#: How long the running job may still take once the worker is asked to end.
GRACE_S = 600.0
#: How long handing back may take, stopping the engine included, before the process ends itself.
HAND_BACK_WITHIN_S = 60.0
#: Exit code of a worker that could not end in order; its supervisor starts it again.
FORCED = 70


class _Asked(Enum):
    #: A request that may be repeated, as a worker's row repeats it.
    DRAIN = auto()
    #: A signal: the second one asks for the next step.
    SIGNAL = auto()
    #: A signal that asks for the next step at once.
    HAND_BACK = auto()
    #: The GPU cannot be trusted: no job may go on, and the process stays to say why.
    QUARANTINE = auto()
    #: The job is handed back and Celery has ended: what is left has no time limit.
    NOTHING_RUNS = auto()


class Shutdown:
    """Follow what is asked of a worker.

    ``halted`` is set when no job may be taken any more, ``hand_back`` when the running one must be
    given back now, and ``requested`` when the process is to end: a worker in quarantine is halted
    and not requested.
    """

    def __init__(
        self, grace_s: float = GRACE_S, *, force: Callable[[int], None] = os._exit
    ) -> None:
        self.halted = threading.Event()
        self.hand_back = threading.Event()
        self.requested = threading.Event()
        #: Why the job is handed back, as the error class and the sentence of its attempt.
        self.error_class = DRAINED
        self.sentence = "the worker was asked to end"
        self._grace_s = grace_s
        self._force = force
        self._signals = 0
        self._halting: list[Callable[[], None]] = []
        self._interrupted: set[threading.Event] = set()
        self._lock = threading.Lock()
        self._asked: queue.SimpleQueue[tuple[_Asked, str]] = queue.SimpleQueue()
        threading.Thread(target=self._follow, name="shutdown", daemon=True).start()

    def drain(self) -> None:
        """Ask for the end after the running job; asking again changes nothing."""
        self._asked.put((_Asked.DRAIN, "the worker was drained"))

    def signalled(self, name: str, *, at_once: bool = False) -> None:
        """Pass on a signal by a reentrant put alone, which is safe inside a signal handler."""
        self._asked.put((_Asked.HAND_BACK if at_once else _Asked.SIGNAL, f"the worker got {name}"))

    def quarantine(self, sentence: str) -> None:
        """Have the running job handed back at once and no other taken; the process goes on."""
        self._asked.put((_Asked.QUARANTINE, sentence))

    def nothing_runs(self) -> None:
        """Say that no job runs any more, so that a worker in quarantine is not forced to end."""
        self._asked.put((_Asked.NOTHING_RUNS, ""))

    def when_halted(self, call: Callable[[], None]) -> None:
        """Have ``call`` run before ``halted`` is set, or at once where it is set already."""
        with self._lock:
            if not self.halted.is_set():
                self._halting.append(call)
                return
        call()

    @contextmanager
    def interrupts(self, event: threading.Event) -> Iterator[None]:
        """Set an event, such as one that cancels a generation, when the job must be handed back."""
        with self._lock:
            self._interrupted.add(event)
            if self.hand_back.is_set():
                event.set()
        try:
            yield
        finally:
            with self._lock:
                self._interrupted.discard(event)

    def _follow(self) -> None:
        deadline_s: float | None = None
        while True:
            wait_s = None if deadline_s is None else max(0.0, deadline_s - time.monotonic())
            try:
                asked, sentence = self._asked.get(timeout=wait_s)
            except queue.Empty:
                if self.hand_back.is_set():
                    log_event("worker.forced", level=logging.ERROR, within_s=HAND_BACK_WITHIN_S)
                    self._force(FORCED)
                    return
                asked, sentence = (
                    _Asked.HAND_BACK,
                    f"{self.sentence}, and {self._grace_s:g} s of grace were over",
                )
            deadline_s = self._answer(asked, sentence, deadline_s)

    def _answer(self, asked: _Asked, sentence: str, deadline_s: float | None) -> float | None:
        """Take the next step and return the deadline for its end."""
        if asked is _Asked.NOTHING_RUNS:
            return None
        impatient = asked is _Asked.SIGNAL and self._signals > 0
        self._signals += asked is _Asked.SIGNAL
        if asked is not _Asked.QUARANTINE:
            self.requested.set()
        if not self.halted.is_set():
            self._halt(sentence, asked)
        at_once = impatient or asked in {_Asked.HAND_BACK, _Asked.QUARANTINE}
        if at_once and not self.hand_back.is_set():
            self._hand_back_now(sentence, asked)
            return time.monotonic() + HAND_BACK_WITHIN_S
        if deadline_s is None:
            left_s = HAND_BACK_WITHIN_S if self.hand_back.is_set() else self._grace_s
            return time.monotonic() + left_s
        return deadline_s

    def _halt(self, sentence: str, asked: _Asked) -> None:
        self._explain(sentence, asked)
        log_event("worker.stopping", why=sentence, grace_s=self._grace_s)
        with self._lock:
            for call in self._halting:
                call()
            self.halted.set()

    def _hand_back_now(self, sentence: str, asked: _Asked) -> None:
        self._explain(sentence, asked)
        with self._lock:
            self.hand_back.set()
            for event in self._interrupted:
                event.set()
        log_event("worker.hands_back", why=sentence)

    def _explain(self, sentence: str, asked: _Asked) -> None:
        self.sentence = sentence
        self.error_class = GPU_QUARANTINED if asked is _Asked.QUARANTINE else DRAINED
