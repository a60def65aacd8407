"""A company of jobs with made-up attempts: who joins, who does not, and what becomes of errors."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from db.claims import ClaimedJob
from db.errors import ServiceUnreachable
from db.model_spec import ModelSpec
from db.sampling import Sampling
from workers.boots import Boot
from workers.company import Company, Seat
from workers.engines.protocol import BootReport, MemoryReport

SPEC = ModelSpec(name="made-up", engine="synthetic", source="made-up", queue="synthetic")


def job(number: int) -> ClaimedJob:
    return ClaimedJob(
        job_id=number,
        attempt_no=1,
        run_id=uuid.UUID(int=0),
        model_id=1,
        problem_id=1,
        problem="p",
        prompt="plain",
        language="en",
        repetition=number,
        mode="throughput",
        sampling=Sampling(),
        spec=SPEC,
        queue_wait_s=0.0,
    )


def boot(sequences: int) -> Boot:
    memory = MemoryReport(kind=None)
    report = BootReport(
        engine_version="made-up",
        environment={},
        config={"max_num_seqs": sequences},
        memory=memory,
        started_s=0.0,
        ready_s=1.0,
    )
    return Boot(boot_id=1, report=report, memory=memory)


class MadeUpWork:
    """Attempts that wait until the engine is full or no hint is left, and a queue and a broker of so many jobs and hints."""

    def __init__(self, *, sequences: int = 2, jobs: int = 0, hints: int = 0) -> None:
        self.boot: Boot | None = boot(sequences)
        self.waiting = [job(number) for number in range(2, jobs + 2)]
        self.hints = hints
        self.go_on = threading.Event()
        self.fails: dict[int, BaseException] = {}
        self.begun: list[int] = []
        self.most = 0
        self._seated = 0
        self._lock = threading.Lock()

    def attempt(self, given: ClaimedJob, seat: Seat) -> None:
        """Take a seat, wait, leave it."""
        with self._lock:
            self.begun.append(given.job_id)
            self._seated += 1
            self.most = max(self.most, self._seated)
            if self.boot is not None and self._seated == self.boot.sequences:
                self.go_on.set()
        if self.boot is None:
            return
        seat.take(seat.boot or self.boot)
        assert self.go_on.wait(10)
        with self._lock:
            self._seated -= 1
        seat.leave()
        if error := self.fails.get(given.job_id):
            raise error

    def claim(self, _boot: Boot) -> ClaimedJob | None:
        """Give the next job."""
        return self.waiting.pop(0) if self.waiting else None

    def another(self) -> bool:
        """Take a hint."""
        if not self.hints:
            self.go_on.set()
            return False
        self.hints -= 1
        return True

    def company(self, **changes: Callable[..., Any]) -> Company:
        """Make a company of these."""
        given: dict[str, Any] = {
            "claim": self.claim,
            "another": self.another,
            "serves": lambda served: served is self.boot,
        }
        return Company(self.attempt, **given | changes)


def test_as_many_as_the_engine_serves_run_beside_each_other() -> None:
    work = MadeUpWork(sequences=3, jobs=8, hints=8)
    assert not work.company().serve(job(1))
    assert sorted(work.begun) == list(range(1, 10))
    assert work.most == 3
    assert work.waiting == []


def test_a_hint_that_permits_no_claim_ends_the_filling_and_is_told() -> None:
    work = MadeUpWork(jobs=0, hints=2)
    work.go_on.set()
    assert work.company().serve(job(1))
    assert work.begun == [1]
    assert work.hints == 1, "one hint was taken and is the caller's now"


def test_an_engine_that_does_not_come_up_is_joined_by_nobody() -> None:
    work = MadeUpWork(jobs=3, hints=3)
    work.boot = None
    assert not work.company().serve(job(1))
    assert (work.begun, work.hints, len(work.waiting)) == ([1], 3, 3)


def test_an_engine_that_has_gone_is_joined_by_nobody() -> None:
    work = MadeUpWork(jobs=3, hints=3)
    work.go_on.set()
    assert not work.company(serves=lambda _boot: False).serve(job(1))
    assert (work.begun, work.hints, len(work.waiting)) == ([1], 3, 3)


def test_an_error_comes_through_when_all_have_ended_and_ends_the_filling() -> None:
    work = MadeUpWork(sequences=2, jobs=1, hints=1)
    work.fails[1] = LookupError("made up")
    with pytest.raises(LookupError, match="made up"):
        work.company().serve(job(1))
    assert sorted(work.begun) == [1, 2]


def test_a_database_that_goes_away_lets_those_in_flight_end() -> None:
    work = MadeUpWork(jobs=3, hints=3)
    ended = threading.Event()

    def claim(_boot: Boot) -> ClaimedJob | None:
        threading.Timer(0.2, work.go_on.set).start()
        raise ServiceUnreachable("database", "away", mend="Start it")

    attempt = work.attempt

    def watched(given: ClaimedJob, seat: Seat) -> None:
        attempt(given, seat)
        ended.set()

    work.attempt = watched  # type: ignore[method-assign]
    with pytest.raises(ServiceUnreachable):
        work.company(claim=claim).serve(job(1))
    assert ended.is_set()


def test_what_is_still_being_written_is_bounded() -> None:
    """Attempts that have left their seats and do not end hold new ones up at twice the seats."""
    written = threading.Event()
    begun: list[int] = []
    served = boot(2)

    def attempt(given: ClaimedJob, seat: Seat) -> None:
        begun.append(given.job_id)
        seat.take(served)
        seat.leave()
        assert written.wait(10)

    numbers = iter(range(2, 100))
    hints = iter(range(10))
    looks: list[int] = []

    def another() -> bool:
        looks.append(len(begun))
        return next(hints, None) is not None

    threading.Timer(0.5, written.set).start()
    company = Company(attempt, claim=lambda _boot: job(next(numbers)), another=another, serves=lambda _boot: True)
    seen: list[int] = []
    watcher = threading.Timer(0.3, lambda: seen.append(len(begun)))
    watcher.start()
    assert not company.serve(job(1))
    watcher.join()
    assert seen == [4]
    assert len(begun) == 11
