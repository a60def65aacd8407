"""Jobs of one model served by one engine at once; it is kept full while the next job may join."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from db.queue.claims import ClaimedJob
from workers.consumer.hint_consumer import Hints
from workers.engines.protocol import TokenEvent
from workers.loading.loader import EngineStart

#: How often a batch with a free slot, or one that is soon free, polls for a hint: a round trip to
#: the broker each time.
POLL_EVERY_S = 0.05
#: How long before a request has all its tokens a job may be claimed for its slot. A request that
#: stops earlier is not foreseen.
AHEAD_S = 0.5
#: How many results are scored and written at once. More would hold up the engine's thread and not
#: be faster.
WRITERS = 2
#: How long an attempt that has left its slot waits at most for that to be filled, and then for its
#: turn to write.
PATIENCE_S = 1.0
#: More than any engine serves at once; threads are started as needed.
THREADS_AT_MOST = 4096


class BatchSlot:
    """The slot of one attempt in an engine, from its claim until its generation has ended."""

    def __init__(
        self,
        engine_start: EngineStart | None = None,
        batch: ContinuousBatch | None = None,
        *,
        output_limit: int = 0,
    ) -> None:
        """Without ``engine_start``, the start that serves the attempt, the attempt loads its model.

        ``output_limit`` is the most tokens that it may make.
        """
        self.engine_start = engine_start
        self.left = False
        #: Set when the engine has room for it.
        self.free = threading.Event()
        #: Whether it is one of the few that may write.
        self.has_turn = False
        self._batch = batch
        self._missing = output_limit
        self._noted = 0
        self._first_s = self._last_s = 0.0
        if batch is None:
            self.free.set()

    @property
    def alone(self) -> bool:
        """Whether nothing else of the worker runs in the engine meanwhile."""
        return self._batch is None

    def take(
        self, engine_start: EngineStart, *, unless: Callable[[], bool] = lambda: False
    ) -> bool:
        """Announce the start and wait until it has room, or has none and ``unless`` holds."""
        if self.engine_start is None:
            self.engine_start = engine_start
            if self._batch is not None:
                self._batch.notify()
        while not self.free.wait(POLL_EVERY_S):
            if unless():
                return False
        return True

    def note_tokens(self, event: TokenEvent) -> None:
        """Note tokens that the engine has made."""
        if self._noted:
            self._noted += len(event.token_ids)
        else:
            # The first tokens say nothing about the rate.
            self._first_s, self._noted = event.at_s, 1
        self._missing -= len(event.token_ids)
        self._last_s = event.at_s

    def ends_by(self, at_s: float) -> bool:
        """Return whether, at the rate so far, all tokens will have come by a monotonic moment."""
        if self._noted < 2:
            return False
        per_token_s = (self._last_s - self._first_s) / (self._noted - 1)
        return self._last_s + self._missing * per_token_s < at_s

    def leave(self) -> None:
        """Free the slot for another attempt; what is left to do needs no engine. Idempotent.

        Return when the slot has been filled, or no job can fill it, and few others write: writing
        waits, the engine does not.
        """
        if self.left:
            return
        self.left = True
        if self._batch is not None:
            self.has_turn = self._batch.await_turn(self)


class ContinuousBatch:
    """Jobs that an engine serves at once, from the first job to the end of the last.

    ``attempt`` brings one job to its end on a separate thread; ``claim`` returns the next jobs, at
    most N, that may join those that a start serves; ``hints`` are the waiting ones; ``serves``
    returns whether a start still serves. All but ``attempt`` are used on one thread, the caller's.

    Jobs are claimed for free slots and for those whose requests are about to have all their tokens:
    such a job is prepared, waits, and gets the slot the moment that it is free, without a database
    access in between.
    """

    def __init__(
        self,
        attempt: Callable[[ClaimedJob, BatchSlot], None],
        *,
        claim: Callable[[EngineStart, int], Sequence[ClaimedJob]],
        hints: Hints,
        serves: Callable[[EngineStart], bool],
    ) -> None:
        self._attempt = attempt
        self._claim = claim
        self._hints = hints
        self._serves = serves
        self._changed = threading.Condition()
        #: How many requests the engine serves at once; one until it is known.
        self._sequences = 1
        #: Slots in use, and slots that wait for room in the order of their claims.
        self._occupied: set[BatchSlot] = set()
        self._waiting: deque[BatchSlot] = deque()
        #: Attempts that have not ended: those in a slot, and those that are being written.
        self._running = 0
        self._filling = True
        self._turns = threading.Semaphore(WRITERS)
        #: Set while no slot can be filled and none waits; attempts that left theirs wait for it.
        self._filled = threading.Event()
        self._error: BaseException | None = None

    def serve(self, first: ClaimedJob) -> bool:
        """Run ``first`` and what joins it; return whether a hint was taken that led to no claim.

        The first job loads the model, and only then others are claimed. Raise what ``claim`` or an
        attempt raises, once all have ended.
        """
        with ThreadPoolExecutor(THREADS_AT_MOST, thread_name_prefix="job") as threads:
            try:
                spare = self._fill(first, threads)
            finally:
                self._end_filling()
        if self._error is not None:
            raise self._error
        return spare

    def notify(self) -> None:
        """Wake the thread that fills the slots."""
        with self._changed:
            self._changed.notify_all()

    def await_turn(self, slot: BatchSlot) -> bool:
        """Free a slot; return whether this attempt is now one of the few that may write.

        Wait before until the free slots have been filled and few others write, for a bounded time:
        where the database is unreachable, every attempt must notice.
        """
        with self._changed:
            self._occupied.discard(slot)
            if slot in self._waiting:
                self._waiting.remove(slot)
            self._assign()
            self._changed.notify_all()
            if self._filling:
                self._filled.clear()
        self._filled.wait(PATIENCE_S)
        return self._turns.acquire(timeout=PATIENCE_S)

    def _end_filling(self) -> None:
        with self._changed:
            self._filling = False
            self._filled.set()

    def _fill(self, first: ClaimedJob, threads: ThreadPoolExecutor) -> bool:
        engine_start = self._started(self._add(first, None, threads))
        if engine_start is None:
            return False
        with self._changed:
            self._sequences = engine_start.sequences
        while True:
            room = self._await_room()
            if self._error is not None or not self._serves(engine_start):
                return False
            if self._hints.take_one():
                jobs = self._claim(engine_start, room)
                if not jobs:
                    return True
                for job in jobs:
                    self._add(job, engine_start, threads)
                self._hints.spend(len(jobs) - 1)
            elif not self._any_occupied():
                return False

    def _add(
        self, job: ClaimedJob, engine_start: EngineStart | None, threads: ThreadPoolExecutor
    ) -> BatchSlot:
        slot = BatchSlot(engine_start, self, output_limit=job.sampling.output_limit)
        with self._changed:
            self._waiting.append(slot)
            self._running += 1
            self._assign()
        threads.submit(self._run, job, slot)
        return slot

    def _assign(self) -> None:
        """Give free slots to those that wait. Call under the lock."""
        while self._waiting and len(self._occupied) < self._sequences:
            slot = self._waiting.popleft()
            self._occupied.add(slot)
            slot.free.set()

    def _run(self, job: ClaimedJob, slot: BatchSlot) -> None:
        try:
            self._attempt(job, slot)
        except BaseException as error:  # noqa: BLE001 - raised again by ``serve``
            self._error = self._error or error
        finally:
            slot.leave()
            if slot.has_turn:
                self._turns.release()
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _started(self, slot: BatchSlot) -> EngineStart | None:
        """Wait for the first engine start; return None where it failed."""
        with self._changed:
            self._changed.wait_for(lambda: slot.engine_start is not None or slot.left)
        return slot.engine_start

    def _await_room(self) -> int:
        """Return the slots that are or soon will be free, once the writing keeps up."""
        with self._changed:
            while (room := self._room()) <= 0:
                self._pause()
            return room

    def _room(self) -> int:
        by_s = time.monotonic() + AHEAD_S
        ending = sum(slot.ends_by(by_s) for slot in self._occupied)
        unclaimed = self._sequences - len(self._occupied) + ending - len(self._waiting)
        return min(unclaimed, 2 * self._sequences - self._running)

    def _any_occupied(self) -> bool:
        """Return False at once if no slot is in use; else wait a little for one to be left."""
        with self._changed:
            if self._occupied:
                self._pause()
                return True
            return False

    def _pause(self) -> None:
        """Wait, under the lock, for a slot to be left; others write unless one is about to be."""
        if not self._waiting:
            self._filled.set()
        self._changed.wait(POLL_EVERY_S)
