"""Jobs of one model beside each other in one engine, which is kept full as long as the next job may join them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from db.claims import ClaimedJob
from workers.boots import Boot
from workers.hint_server import Hints

#: How often a company with a free seat looks for a hint. One look is one round trip to the broker.
LOOK_EVERY_S = 0.05
#: How many results are scored and written at once. More would keep the engine's thread from running, and be no faster.
WRITERS = 2
#: How long an attempt that has left its seat waits at most for that to be filled, and then for its turn to write.
PATIENCE_S = 1.0
#: More than any engine serves at once; threads are made as they are needed.
THREADS_AT_MOST = 4096


class Seat:
    """The place of one attempt in an engine: taken from the claim until its generation has ended."""

    def __init__(self, boot: Boot | None = None, company: Company | None = None) -> None:
        """``boot`` is the start that serves the attempt; without one the attempt brings an engine up itself."""
        self.boot = boot
        self.left = False
        #: Whether it is one of the few that write.
        self.has_turn = False
        self._company = company

    def take(self, boot: Boot) -> None:
        """Say that an engine is up."""
        self.boot = boot
        if self._company is not None:
            self._company.tell()

    def leave(self) -> None:
        """Say that the engine has room for another; what is left to do needs none. Saying so again changes nothing.

        Returns when the room has been used, or there is nothing to use it for, and few others write: writing waits, the engine
        does not.
        """
        if self.left:
            return
        self.left = True
        if self._company is not None:
            self.has_turn = self._company.await_turn()


class Company:
    """One filling of an engine, from the first job to the last that ends.

    ``attempt`` brings one job to its end on a thread of its own; ``claim`` gives the next jobs, so many at most, as far as they
    may join those that a start serves; ``hints`` are those that lie ready; ``serves`` tells whether a start is still up. All
    three are used on one thread, the caller's.
    """

    def __init__(
        self,
        attempt: Callable[[ClaimedJob, Seat], None],
        *,
        claim: Callable[[Boot, int], Sequence[ClaimedJob]],
        hints: Hints,
        serves: Callable[[Boot], bool],
    ) -> None:
        self._attempt = attempt
        self._claim = claim
        self._hints = hints
        self._serves = serves
        self._changed = threading.Condition()
        self._seats: set[Seat] = set()
        #: Attempts that have not ended: those with a seat, and those that are being written.
        self._running = 0
        self._filling = True
        self._turns = threading.Semaphore(WRITERS)
        #: Set while no seat can be filled; those who have left theirs wait for it.
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

    def await_turn(self) -> bool:
        """Return when the seats that are free have been filled, and few others write; tell whether this is one of those few.

        Waits for a bounded time: where the database is away, every attempt is to notice.
        """
        with self._changed:
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
        boot = self._started(self._add(first, None, threads))
        if boot is None:
            return False
        while True:
            room = self._await_room(boot.sequences)
            if self._error is not None or not self._serves(boot):
                return False
            if self._hints.another():
                jobs = self._claim(boot, room)
                if not jobs:
                    return True
                for job in jobs:
                    self._add(job, boot, threads)
                self._hints.spend(len(jobs) - 1)
            elif not self._anybody_seated():
                return False

    def _add(self, job: ClaimedJob, boot: Boot | None, threads: ThreadPoolExecutor) -> Seat:
        seat = Seat(boot, self)
        with self._changed:
            self._seats.add(seat)
            self._running += 1
        threads.submit(self._run, job, seat)
        return seat

    def _run(self, job: ClaimedJob, seat: Seat) -> None:
        try:
            self._attempt(job, seat)
        except BaseException as error:  # noqa: BLE001 - raised again by ``serve``
            self._error = self._error or error
        finally:
            seat.leave()
            if seat.has_turn:
                self._turns.release()
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _started(self, seat: Seat) -> Boot | None:
        """Wait for the first engine start; return None where it failed."""
        with self._changed:
            self._changed.wait_for(lambda: seat.boot is not None or seat.left)
        return seat.boot

    def _await_room(self, sequences: int) -> int:
        """Wait for free seats, and for the writing to keep up: at most as many may be written as are served."""
        with self._changed:
            while (room := self._room(sequences)) <= 0:
                self._filled.set()
                self._changed.wait()
            return room

    def _room(self, sequences: int) -> int:
        return min(sequences - self._seated(), 2 * sequences - self._running)

    def _anybody_seated(self) -> bool:
        """Tell at once that nobody is, or wait a little for one to leave."""
        with self._changed:
            self._filled.set()
            if not self._seated():
                return False
            self._changed.wait(LOOK_EVERY_S)
            return True

    def _seated(self) -> int:
        self._seats = {seat for seat in self._seats if not seat.left}
        return len(self._seats)
