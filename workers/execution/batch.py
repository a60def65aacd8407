"""Jobs of one model beside each other in one engine, which is kept full as long as the next job may join them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from db.claims import ClaimedJob
from workers.consumer.hint_consumer import Hints
from workers.engines.protocol import TokenEvent
from workers.loading.loader import EngineStart

#: How often a company with a free seat, or one that is soon free, looks for a hint. One look is one round trip to the broker.
LOOK_EVERY_S = 0.05
#: How long before a request has all its tokens a job may be claimed that is to have its seat. What stops earlier is not foreseen.
AHEAD_S = 0.5
#: How many results are scored and written at once. More would keep the engine's thread from running, and be no faster.
WRITERS = 2
#: How long an attempt that has left its seat waits at most for that to be filled, and then for its turn to write.
PATIENCE_S = 1.0
#: More than any engine serves at once; threads are made as they are needed.
THREADS_AT_MOST = 4096


class BatchSlot:
    """The place of one attempt in an engine, from when it is free until its generation has ended."""

    def __init__(
        self,
        engine_start: EngineStart | None = None,
        batch: ContinuousBatch | None = None,
        *,
        output_limit: int = 0,
    ) -> None:
        """``boot`` is the start that serves the attempt; without one the attempt brings an engine up itself.

        ``output_limit`` is the most tokens that it may make.
        """
        self.engine_start = engine_start
        self.left = False
        #: Set when the engine has room for it.
        self.free = threading.Event()
        #: Whether it is one of the few that write.
        self.has_turn = False
        self._batch = batch
        self._missing = output_limit
        self._heard = 0
        self._first_s = self._last_s = 0.0
        if batch is None:
            self.free.set()

    def take(
        self, engine_start: EngineStart, *, unless: Callable[[], bool] = lambda: False
    ) -> bool:
        """Say that an engine is up, and wait until it has room; return whether it has.

        False is returned where it has none and ``unless`` has come true.
        """
        if self.engine_start is None:
            self.engine_start = engine_start
            if self._batch is not None:
                self._batch.tell()
        while not self.free.wait(LOOK_EVERY_S):
            if unless():
                return False
        return True

    def hear(self, event: TokenEvent) -> None:
        """Note tokens that the engine has made."""
        if self._heard:
            self._heard += len(event.token_ids)
        else:
            # What comes first tells nothing of the pace.
            self._first_s, self._heard = event.at_s, 1
        self._missing -= len(event.token_ids)
        self._last_s = event.at_s

    def ends_by(self, at_s: float) -> bool:
        """Tell whether all tokens will be there at a moment (monotonic seconds), if they keep coming as they have."""
        if self._heard < 2:
            return False
        return (
            self._last_s + self._missing * (self._last_s - self._first_s) / (self._heard - 1) < at_s
        )

    def leave(self) -> None:
        """Say that the engine has room for another; what is left to do needs none. Saying so again changes nothing.

        Returns when the room has been used, or there is nothing to use it for, and few others write: writing waits, the engine
        does not.
        """
        if self.left:
            return
        self.left = True
        if self._batch is not None:
            self.has_turn = self._batch.await_turn(self)


class ContinuousBatch:
    """One filling of an engine, from the first job to the last that ends.

    ``attempt`` brings one job to its end on a thread of its own; ``claim`` gives the next jobs, so many at most, as far as they
    may join those that a start serves; ``hints`` are those that lie ready; ``serves`` tells whether a start is still up. All
    three are used on one thread, the caller's.

    Jobs are claimed for free seats and for those whose requests are about to have all their tokens: such a job is prepared and
    waits, and has the seat the moment that it is left, without a database in between.
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
        #: How many the engine serves at once; only the first before it has said so.
        self._sequences = 1
        #: Those that the engine has room for, and those that wait for it in the order of their claims.
        self._seated: set[BatchSlot] = set()
        self._waiting: deque[BatchSlot] = deque()
        #: Attempts that have not ended: those with a seat, and those that are being written.
        self._running = 0
        self._filling = True
        self._turns = threading.Semaphore(WRITERS)
        #: Set while no seat can be filled and none waits; those who have left theirs wait for it.
        self._filled = threading.Event()
        self._error: BaseException | None = None

    def serve(self, first: ClaimedJob) -> bool:
        """Run ``first`` and whatever joins it to their ends; return whether a hint was taken that permitted no claim.

        The first job brings the engine up, and only then others are claimed. Raise what ``claim`` or an attempt raises, once
        all have ended.
        """
        with ThreadPoolExecutor(THREADS_AT_MOST, thread_name_prefix="job") as threads:
            try:
                spare = self._fill(first, threads)
            finally:
                self._end_filling()
        if self._error is not None:
            raise self._error
        return spare

    def tell(self) -> None:
        """Have the thread that fills look again."""
        with self._changed:
            self._changed.notify_all()

    def await_turn(self, slot: BatchSlot) -> bool:
        """Free a seat. Return when those that are free have been filled, and few others write; tell whether this is one of those few.

        Waits for a bounded time: where the database is away, every attempt is to notice.
        """
        with self._changed:
            self._seated.discard(slot)
            if slot in self._waiting:
                self._waiting.remove(slot)
            self._admit()
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
            if self._hints.another():
                jobs = self._claim(engine_start, room)
                if not jobs:
                    return True
                for job in jobs:
                    self._add(job, engine_start, threads)
                self._hints.spend(len(jobs) - 1)
            elif not self._anybody_seated():
                return False

    def _add(
        self, job: ClaimedJob, engine_start: EngineStart | None, threads: ThreadPoolExecutor
    ) -> BatchSlot:
        slot = BatchSlot(engine_start, self, output_limit=job.sampling.output_limit)
        with self._changed:
            self._waiting.append(slot)
            self._running += 1
            self._admit()
        threads.submit(self._run, job, slot)
        return slot

    def _admit(self) -> None:
        """Give free seats to those that wait. To be called under the lock."""
        while self._waiting and len(self._seated) < self._sequences:
            slot = self._waiting.popleft()
            self._seated.add(slot)
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
        """Wait for seats that are free or soon will be, and for the writing to keep up: at most as many may be written as are served."""
        with self._changed:
            while (room := self._room()) <= 0:
                self._pause()
            return room

    def _room(self) -> int:
        by_s = time.monotonic() + AHEAD_S
        ending = sum(slot.ends_by(by_s) for slot in self._seated)
        unclaimed = self._sequences - len(self._seated) + ending - len(self._waiting)
        return min(unclaimed, 2 * self._sequences - self._running)

    def _anybody_seated(self) -> bool:
        """Tell at once that nobody is, or wait a little for one to leave."""
        with self._changed:
            if self._seated:
                self._pause()
                return True
            return False

    def _pause(self) -> None:
        """Wait a little for a seat to be left, and have others write meanwhile unless one is about to be. To be called under the lock."""
        if not self._waiting:
            self._filled.set()
        self._changed.wait(LOOK_EVERY_S)
