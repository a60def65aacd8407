"""Others on the card: found between requests, told of every result since the last look that found nobody."""

from __future__ import annotations

import os
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db.claims import ClaimedJob
from db.commits import add_flag, commit
from db.engine import transaction
from db.submissions import submit
from tests.db.test_control import claimed
from tests.db.test_poison import register
from tests.db.test_queue import PROBLEM, result, submission
from tests.workers.made_up_nvml.pynvml import UUID
from tests.workers.test_hygiene import FakeCard, Start, first_line, start
from tests.workers.test_need import GENERATION
from tests.workers.test_pace import look, trace
from workers.engines.protocol import Generation
from workers.gpu import guard as card_module
from workers.gpu.guard import GpuGuard
from workers.gpu.lock import GpuLock
from workers.gpu.process_owner import ProcessOwnership
from workers.measurement.doubts import Doubts
from workers.measurement.sampler import HostSource, MemorySampler

__all__ = ["start"]


@pytest.fixture
def fake() -> FakeCard:
    return FakeCard()


@pytest.fixture
def guard(fake: FakeCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GpuGuard]:
    """Give a card that looks as often as it is asked."""
    monkeypatch.setattr(card_module, "LOOK_AROUND_S", 0.0)
    with closing(GpuLock(tmp_path, UUID)) as lock:
        yield GpuGuard(
            fake,
            ProcessOwnership(mark=uuid.uuid4().hex, lock_path=lock.path),
            name="GPU 0 (made-up)",
        )


@pytest.fixture
def sampler() -> Iterator[MemorySampler]:
    with closing(MemorySampler(HostSource(root_pid=os.getpid(), mark="doubts"), 20)) as opened:
        yield opened


@pytest.fixture
def doubts(engine: Engine, guard: GpuGuard, sampler: MemorySampler) -> Doubts:
    return Doubts(engine, guard, sampler)


@pytest.fixture
def stranger(start: Start) -> subprocess.Popen[str]:
    process = start()
    assert first_line(process) == "up"
    return process


def jobs(engine: Engine, number: int) -> tuple[uuid.UUID, list[ClaimedJob]]:
    submit(engine, submission(problems=(PROBLEM,), repetitions=number))
    me = register(engine)
    return me, [claimed(engine, me) for _ in range(number)]


def made() -> Generation:
    """Return a generation of this moment."""
    now_s = time.monotonic()
    return replace(GENERATION, submitted_s=now_s, first_token_s=now_s, last_token_s=now_s)


def flags(engine: Engine) -> dict[int, list[str]]:
    with transaction(engine) as connection:
        return {
            row.job_id: row.flags
            for row in connection.execute(text("SELECT job_id, flags FROM eval.generation"))
        }


def test_nobody_else_is_no_flag(engine: Engine, doubts: Doubts) -> None:
    _, (job,) = jobs(engine, 1)
    assert doubts.about(job, made(), 1, None) == []


def test_results_since_the_last_clean_look_are_flagged_too(
    engine: Engine,
    doubts: Doubts,
    fake: FakeCard,
    sampler: MemorySampler,
    stranger: subprocess.Popen[str],
) -> None:
    """The first is clean, the second and third end while others run, the fourth is alone when the stranger is seen."""
    me, (first, second, third, fourth, fifth, sixth) = jobs(engine, 6)
    assert doubts.about(first, made(), 1, None) == []
    commit(engine, first.job_id, first.attempt_no, result(engine, me, first))
    running = sampler.begin()
    fake.held_mib[stranger.pid] = 2048.0
    for job in (second, third):
        assert doubts.about(job, made(), 1, None) == [], "nobody looks while a request runs"
    commit(engine, second.job_id, second.attempt_no, result(engine, me, second))
    sampler.end(running)
    assert doubts.about(fourth, made(), 1, None) == ["foreign_process"]
    flagged = ["foreign_process"]
    assert flags(engine) == {first.job_id: [], second.job_id: flagged}
    commit(engine, third.job_id, third.attempt_no, result(engine, me, third))
    stranger.kill()
    stranger.wait()
    assert doubts.about(fifth, made(), 1, None) == flagged, "nobody knows when the stranger went"
    assert doubts.about(sixth, made(), 1, None) == []
    assert flags(engine) == {first.job_id: [], second.job_id: flagged, third.job_id: flagged}


def test_a_stranger_who_stays_is_told_without_another_look(
    engine: Engine,
    doubts: Doubts,
    fake: FakeCard,
    sampler: MemorySampler,
    stranger: subprocess.Popen[str],
) -> None:
    _, (first, second, third, fourth) = jobs(engine, 4)
    fake.held_mib[stranger.pid] = 2048.0
    assert doubts.about(first, made(), 1, None) == ["foreign_process"]
    running = sampler.begin()
    assert doubts.about(second, made(), 1, None) == ["foreign_process"]
    sampler.end(running)
    before = made()
    fake.held_mib.clear()
    assert doubts.about(third, made(), 1, None) == ["foreign_process"]
    assert doubts.about(fourth, made(), 1, None) == []
    assert doubts.about(fourth, before, 1, None) == ["foreign_process"], (
        "it began while the stranger was there"
    )


def test_looks_are_a_second_apart(
    guard: GpuGuard,
    fake: FakeCard,
    stranger: subprocess.Popen[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert guard.look_around() is False
    monkeypatch.setattr(card_module, "LOOK_AROUND_S", 1.0)
    fake.held_mib[stranger.pid] = 2048.0
    assert guard.look_around() is None
    assert guard.incidents_since(0) == ()


def test_a_driver_that_does_not_answer_flags_nothing(guard: GpuGuard, fake: FakeCard) -> None:
    fake.lost = True
    assert guard.look_around() is None
    assert guard.incidents_since(0) == ()


def test_a_stranger_counts_from_the_last_clean_look_to_the_next(
    guard: GpuGuard, fake: FakeCard, stranger: subprocess.Popen[str]
) -> None:
    early_s = time.monotonic()
    assert guard.look_around() is False
    after_s = time.monotonic()
    fake.held_mib[stranger.pid] = 2048.0
    assert guard.look_around() is True
    fake.held_mib.clear()
    assert guard.look_around() is False
    late_s = time.monotonic()
    assert [found.kind for found in guard.incidents_between(after_s, after_s)] == [
        "foreign_process"
    ]
    assert guard.incidents_between(0, early_s) == ()
    assert guard.incidents_between(late_s, float("inf")) == ()


def test_no_window_opens_during_a_look(sampler: MemorySampler) -> None:
    looking, go_on = threading.Event(), threading.Event()
    order: list[str] = []

    def act() -> bool:
        looking.set()
        go_on.wait(5)
        order.append("looked")
        return True

    def begin() -> None:
        order.append(f"window {sampler.begin()}")

    with ExitStack() as stack:
        threads = [
            threading.Thread(target=sampler.while_idle, args=(act,)),
            threading.Thread(target=begin),
        ]
        threads[0].start()
        assert looking.wait(5)
        threads[1].start()
        stack.callback(threads[1].join)
        stack.callback(threads[0].join)
        go_on.set()
    assert order == ["looked", "window 1"]
    assert sampler.while_idle(act) is None


def test_a_clock_below_the_usual_is_flagged(engine: Engine, doubts: Doubts) -> None:
    _, (job,) = jobs(engine, 1)

    def about(clock_mhz: int, boot_id: int = 1) -> list[str]:
        return doubts.about(job, GENERATION, boot_id, trace(look(1.5, sm_clock_mhz=clock_mhz)))

    assert [about(1980) for _ in range(5)] == [[]] * 5
    assert about(1800) == ["clock_drop"]
    assert about(1800, boot_id=2) == []


def test_a_result_of_another_attempt_is_not_flagged(engine: Engine) -> None:
    me, (job,) = jobs(engine, 1)
    commit(engine, job.job_id, job.attempt_no, result(engine, me, job))
    assert (
        add_flag(engine, [(job.job_id, job.attempt_no + 1), (job.job_id + 1, 1)], "foreign_process")
        == frozenset()
    )
    key = (job.job_id, job.attempt_no)
    assert [add_flag(engine, [key], "foreign_process") for _ in range(2)] == [{key}, {key}]
    assert flags(engine) == {job.job_id: ["foreign_process"]}
