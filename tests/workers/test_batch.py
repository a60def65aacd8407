"""A batch of jobs with fake attempts: which join, which do not, and what happens to errors."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from core.errors import ServiceUnreachable
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from db.queue.claims import ClaimedJob
from tests.support.jobs import fake_job
from tests.support.measurements import start_report
from workers.engines.protocol import MemoryReport, TokenEvent
from workers.execution.batch import PATIENCE_S, POLL_EVERY_S, WRITERS, BatchSlot, ContinuousBatch
from workers.loading.loader import EngineStart

SPEC = ModelSpec(name="fake", engine="synthetic", source="fake", queue="synthetic")


def job(number: int) -> ClaimedJob:
    return fake_job(SPEC, job_id=number, repetition=number, mode="throughput")


def engine_start(sequences: int) -> EngineStart:
    memory = MemoryReport(kind=None)
    report = start_report({"max_num_seqs": sequences}, memory)
    return EngineStart(boot_id=1, report=report, memory=memory)


class FakeWork:
    """Attempts that wait for a full engine or the last hint, with a queue of jobs and hints."""

    def __init__(self, *, sequences: int = 2, jobs: int = 0, hints: int = 0) -> None:
        self.engine_start: EngineStart | None = engine_start(sequences)
        self.waiting = [job(number) for number in range(2, jobs + 2)]
        self.hints = hints
        self.go_on = threading.Event()
        self.fails: dict[int, BaseException] = {}
        self.begun: list[int] = []
        #: How many jobs each claim gave.
        self.together: list[int] = []
        self.most = 0
        self._occupied = 0
        self._lock = threading.Lock()

    def attempt(self, given: ClaimedJob, slot: BatchSlot) -> None:
        """Take a slot, wait, leave it."""
        with self._lock:
            self.begun.append(given.job_id)
            self._occupied += 1
            self.most = max(self.most, self._occupied)
            if self.engine_start is not None and self._occupied == self.engine_start.sequences:
                self.go_on.set()
        if self.engine_start is None:
            return
        slot.take(slot.engine_start or self.engine_start)
        assert self.go_on.wait(10)
        with self._lock:
            self._occupied -= 1
        slot.leave()
        if error := self.fails.get(given.job_id):
            raise error

    def claim(self, _engine_start: EngineStart, at_most: int) -> list[ClaimedJob]:
        """Give the next jobs."""
        taken, self.waiting = self.waiting[:at_most], self.waiting[at_most:]
        self.together.append(len(taken))
        return taken

    def take_one(self) -> bool:
        """Take a hint."""
        if not self.hints:
            self.go_on.set()
            return False
        self.hints -= 1
        return True

    def spend(self, count: int) -> None:
        """Take the hints of jobs that have been claimed."""
        self.hints = max(0, self.hints - count)

    def batch(self, **changes: Callable[..., Any]) -> ContinuousBatch:
        """Make a batch of these."""
        given: dict[str, Any] = {
            "claim": self.claim,
            "hints": self,
            "serves": lambda served: served is self.engine_start,
        }
        return ContinuousBatch(self.attempt, **given | changes)


def test_as_many_as_the_engine_serves_run_beside_each_other() -> None:
    work = FakeWork(sequences=3, jobs=8, hints=8)
    assert not work.batch().serve(job(1))
    assert sorted(work.begun) == list(range(1, 10))
    assert work.most == 3
    assert (work.waiting, work.hints) == ([], 0), "every job has spent a hint"
    assert work.together[0] == 2, "all free slots are filled by one claim"


def test_a_slot_is_filled_though_the_hint_of_its_job_is_still_on_its_way() -> None:
    work = FakeWork(sequences=4, jobs=3, hints=1)
    assert not work.batch().serve(job(1))
    assert (sorted(work.begun), work.together) == ([1, 2, 3, 4], [3])


def test_a_hint_that_permits_no_claim_ends_the_filling_and_is_reported() -> None:
    work = FakeWork(jobs=0, hints=2)
    work.go_on.set()
    assert work.batch().serve(job(1))
    assert work.begun == [1]
    assert work.hints == 1, "one hint was taken and is the caller's now"


def test_an_engine_that_does_not_start_is_joined_by_no_job() -> None:
    work = FakeWork(jobs=3, hints=3)
    work.engine_start = None
    assert not work.batch().serve(job(1))
    assert (work.begun, work.hints, len(work.waiting)) == ([1], 3, 3)


def test_an_engine_that_has_ended_is_joined_by_no_job() -> None:
    work = FakeWork(jobs=3, hints=3)
    work.go_on.set()
    assert not work.batch(serves=lambda _engine_start: False).serve(job(1))
    assert (work.begun, work.hints, len(work.waiting)) == ([1], 3, 3)


def test_an_error_comes_through_when_all_have_ended_and_ends_the_filling() -> None:
    work = FakeWork(sequences=2, jobs=1, hints=1)
    work.fails[1] = LookupError("fake")
    with pytest.raises(LookupError, match="fake"):
        work.batch().serve(job(1))
    assert sorted(work.begun) == [1, 2]


def test_a_database_that_goes_away_lets_those_in_flight_end() -> None:
    work = FakeWork(jobs=3, hints=3)
    ended = threading.Event()

    def claim(_engine_start: EngineStart, _at_most: int) -> list[ClaimedJob]:
        threading.Timer(0.2, work.go_on.set).start()
        raise ServiceUnreachable("database", "away", mend="Start it")

    attempt = work.attempt

    def watched(given: ClaimedJob, slot: BatchSlot) -> None:
        attempt(given, slot)
        ended.set()

    work.attempt = watched  # type: ignore[method-assign]
    with pytest.raises(ServiceUnreachable):
        work.batch(claim=claim).serve(job(1))
    assert ended.is_set()


def test_what_is_still_being_written_is_bounded() -> None:
    """Attempts that have left their slots and do not end hold new ones up at twice the slots."""
    written = threading.Event()
    begun: list[int] = []
    served = engine_start(2)

    def attempt(given: ClaimedJob, slot: BatchSlot) -> None:
        begun.append(given.job_id)
        slot.take(served)
        slot.leave()
        assert written.wait(10)

    numbers = iter(range(2, 100))
    threading.Timer(0.5, written.set).start()
    batch = ContinuousBatch(
        attempt,
        claim=lambda _engine_start, _at_most: [job(next(numbers))],
        hints=FakeWork(hints=10),
        serves=lambda _engine_start: True,
    )
    seen: list[int] = []
    watcher = threading.Timer(0.3, lambda: seen.append(len(begun)))
    watcher.start()
    assert not batch.serve(job(1))
    watcher.join()
    assert seen == [4]
    assert len(begun) == 11


def test_a_slot_is_filled_again_before_the_attempt_that_left_it_goes_on() -> None:
    """All that is to be written waits until the engine is full, or no job is left to fill it."""
    served = engine_start(1)
    done: list[str] = []
    waiting = [job(2), job(3)]

    def attempt(given: ClaimedJob, slot: BatchSlot) -> None:
        slot.take(served)
        slot.leave()
        done.append(f"wrote {given.job_id}")

    def claim(_engine_start: EngineStart, _at_most: int) -> list[ClaimedJob]:
        threading.Event().wait(0.1)
        done.append(f"claimed {waiting[0].job_id}")
        return [waiting.pop(0)]

    assert not ContinuousBatch(
        attempt,
        claim=claim,
        hints=FakeWork(hints=2),
        serves=lambda _engine_start: True,
    ).serve(job(1))
    assert done.index("claimed 2") < done.index("wrote 1")
    assert done[-1].startswith("wrote")


def hear(slot: BatchSlot, *at_s: float, each: int = 1) -> None:
    for moment_s in at_s:
        slot.note_tokens(TokenEvent(at_s=moment_s, token_ids=(1,) * each, text=""))


def test_the_end_of_a_request_is_foreseen_from_its_rate() -> None:
    slot = BatchSlot(output_limit=11)
    assert not slot.ends_by(math.inf), "nothing has come"
    hear(slot, 100.0, each=3)
    assert not slot.ends_by(math.inf), "the first tokens say nothing about the rate"
    hear(slot, 100.2, 100.4, each=2)
    # Four tokens in 0.4 s after the first, and four are missing.
    assert not slot.ends_by(100.79)
    assert slot.ends_by(100.81)


def about_to_end(slot: BatchSlot) -> None:
    """Have a slot's request lack one token, which is due."""
    limit, now_s = SamplingParams().output_limit, time.monotonic()
    hear(slot, now_s - 1.0)
    hear(slot, now_s, each=limit - 2)


class InTurn:
    """Attempts that are always about to end and do when they may, and their recorded queue."""

    def __init__(self, *, sequences: int, jobs: int) -> None:
        self.served = engine_start(sequences)
        self.jobs = [job(number) for number in range(2, jobs + 1)]
        self.done: list[str] = []
        self.may_end = {number: threading.Event() for number in range(1, jobs + 1)}
        self._changed = threading.Condition()

    def note(self, what: str) -> None:
        """Write down what happened."""
        with self._changed:
            self.done.append(what)
            self._changed.notify_all()

    def await_note(self, what: str) -> None:
        """Return when something has happened."""
        with self._changed:
            assert self._changed.wait_for(lambda: what in self.done, 10), (what, self.done)

    def attempt(self, given: ClaimedJob, slot: BatchSlot) -> None:
        """Wait for the slot, be about to end, end when it may, and write."""
        number = given.job_id
        self.note(f"{number} waits")
        assert slot.take(self.served)
        self.note(f"{number} sits")
        about_to_end(slot)
        assert self.may_end[number].wait(10)
        self.note(f"{number} ends")
        slot.leave()
        self.note(f"{number} writes")

    def claim(self, _engine_start: EngineStart, at_most: int) -> list[ClaimedJob]:
        """Give the next jobs."""
        claimed, self.jobs = self.jobs[:at_most], self.jobs[at_most:]
        for one in claimed:
            self.note(f"{one.job_id} claimed")
        return claimed

    @contextmanager
    def served_beside(self) -> Iterator[None]:
        """Serve on a thread during the block, and to the end after it."""
        batch = ContinuousBatch(
            self.attempt,
            claim=self.claim,
            hints=FakeWork(hints=len(self.jobs)),
            serves=lambda _engine_start: True,
        )
        serving = threading.Thread(target=batch.serve, args=(job(1),))
        serving.start()
        try:
            yield
        finally:
            for event in self.may_end.values():
                event.set()
            serving.join()


def test_the_next_job_is_claimed_before_its_slot_is_left_and_runs_only_then() -> None:
    work = InTurn(sequences=1, jobs=2)
    with work.served_beside():
        work.await_note("2 waits")
        threading.Event().wait(4 * POLL_EVERY_S)
        assert work.done == ["1 waits", "1 sits", "2 claimed", "2 waits"]
    assert work.done.index("1 ends") < work.done.index("2 sits")


def test_no_job_is_claimed_ahead_of_a_slot_whose_end_is_not_near() -> None:
    served = engine_start(1)
    claims: list[int] = []

    def attempt(_given: ClaimedJob, slot: BatchSlot) -> None:
        slot.take(served)
        now_s = time.monotonic()
        # One token in four times as long as jobs are claimed ahead, and one is missing.
        hear(slot, now_s - 2.0, each=SamplingParams().output_limit - 2)
        hear(slot, now_s)
        threading.Event().wait(4 * POLL_EVERY_S)
        assert not claims
        slot.leave()

    def claim(_engine_start: EngineStart, at_most: int) -> list[ClaimedJob]:
        claims.append(at_most)
        return []

    assert ContinuousBatch(
        attempt,
        claim=claim,
        hints=FakeWork(hints=1),
        serves=lambda _engine_start: True,
    ).serve(job(1))
    assert claims == [1]


def test_those_that_left_write_when_none_waits_for_a_slot_any_more() -> None:
    work = InTurn(sequences=2, jobs=4)
    with work.served_beside():
        work.await_note("4 waits")
        work.may_end[1].set()
        work.await_note("3 sits")
        threading.Event().wait(4 * POLL_EVERY_S)
        assert "1 writes" not in work.done
        work.may_end[2].set()
        work.await_note("4 sits")
        work.await_note("1 writes")


def test_giving_up_while_waiting_for_a_slot_takes_none_from_those_behind() -> None:
    work = InTurn(sequences=1, jobs=3)
    refused: list[int] = []
    attempt = work.attempt

    def impatient(given: ClaimedJob, slot: BatchSlot) -> None:
        if given.job_id != 2:
            attempt(given, slot)
        elif not slot.take(work.served, unless=lambda: True):
            refused.append(given.job_id)

    work.attempt = impatient  # type: ignore[method-assign]
    with work.served_beside():
        work.await_note("3 waits")
        work.may_end[1].set()
        work.await_note("3 sits")
    assert refused == [2]


def test_few_write_at_once_and_none_waits_for_ever() -> None:
    """Where those that may write do not end, as without a database, the others still go on."""
    writing: list[int] = []
    at_first: list[int] = []
    all_write = threading.Event()
    waiting = [job(number) for number in range(2, 9)]

    def attempt(given: ClaimedJob, slot: BatchSlot) -> None:
        slot.take(engine_start(8))
        slot.leave()
        writing.append(given.job_id)
        if len(writing) == 8:
            all_write.set()
        assert all_write.wait(10)

    def claim(_engine_start: EngineStart, _at_most: int) -> list[ClaimedJob]:
        claimed = list(waiting)
        waiting.clear()
        return claimed

    batch = ContinuousBatch(
        attempt, claim=claim, hints=FakeWork(hints=1), serves=lambda _engine_start: True
    )
    watcher = threading.Timer(0.5 * PATIENCE_S, lambda: at_first.append(len(writing)))
    watcher.start()
    assert not batch.serve(job(1))
    watcher.join()
    assert at_first == [WRITERS]
    assert sorted(writing) == list(range(1, 9))
