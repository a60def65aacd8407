"""Other processes on the GPU: found between requests, flagged since the last clean check."""

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

from db.engine import transaction
from db.queue.claims import ClaimedJob
from db.queue.commits import add_flag, commit
from db.runs.submissions import submit
from tests.support.fake_gpu import FakeGpu, Start, first_line
from tests.support.fake_nvml.pynvml import UUID
from tests.support.jobs import PROBLEM, claimed, register, submission
from tests.support.measurements import GENERATION, gpu_sample, trace
from tests.support.results import result
from workers.engines.protocol import Generation
from workers.gpu import guard as guard_module
from workers.gpu.guard import GpuGuard
from workers.gpu.lock import GpuLock
from workers.gpu.process_owner import ProcessOwnership
from workers.measurement.assessment import Assessor
from workers.measurement.measurement import Measurement
from workers.measurement.sampler import HostSource, MemorySampler, MemoryTrace


@pytest.fixture
def fake() -> FakeGpu:
    return FakeGpu()


@pytest.fixture
def guard(fake: FakeGpu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GpuGuard]:
    """Give a guard that checks as often as it is called."""
    monkeypatch.setattr(guard_module, "CHECK_EVERY_S", 0.0)
    with closing(GpuLock(tmp_path, UUID)) as lock:
        yield GpuGuard(
            fake,
            ProcessOwnership(mark=uuid.uuid4().hex, lock_path=lock.path),
            name="GPU 0 (fake)",
        )


@pytest.fixture
def sampler() -> Iterator[MemorySampler]:
    with closing(MemorySampler(HostSource(root_pid=os.getpid(), mark="assessor"), 20)) as opened:
        yield opened


@pytest.fixture
def assessor(engine: Engine, guard: GpuGuard, sampler: MemorySampler) -> Assessor:
    return Assessor(engine, guard, sampler)


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


def assessed(
    assessor: Assessor,
    job: ClaimedJob,
    generation: Generation,
    boot_id: int = 1,
    sampled: MemoryTrace | None = None,
) -> list[str]:
    """Return the flags of a result."""
    measurement = Measurement(generation=generation, boot_id=boot_id, trace=sampled)
    return list(assessor.assess(job, measurement).flags)


def flags(engine: Engine) -> dict[int, list[str]]:
    with transaction(engine) as connection:
        return {
            row.job_id: row.flags
            for row in connection.execute(text("SELECT job_id, flags FROM eval.generation"))
        }


def test_no_other_process_is_no_flag(engine: Engine, assessor: Assessor) -> None:
    _, (job,) = jobs(engine, 1)
    assert assessed(assessor, job, made()) == []


def test_results_since_the_last_clean_check_are_flagged_too(
    engine: Engine,
    assessor: Assessor,
    fake: FakeGpu,
    sampler: MemorySampler,
    stranger: subprocess.Popen[str],
) -> None:
    """The first is clean, the next two end while others run, at the fourth the stranger is seen."""
    me, (first, second, third, fourth, fifth, sixth) = jobs(engine, 6)
    assert assessed(assessor, first, made()) == []
    commit(engine, first.job_id, first.attempt_no, result(engine, me, first))
    running = sampler.begin()
    fake.held_mib[stranger.pid] = 2048.0
    for job in (second, third):
        assert assessed(assessor, job, made()) == [], "no check is made while a request runs"
    commit(engine, second.job_id, second.attempt_no, result(engine, me, second))
    sampler.end(running)
    assert assessed(assessor, fourth, made()) == ["foreign_process"]
    flagged = ["foreign_process"]
    assert flags(engine) == {first.job_id: [], second.job_id: flagged}
    commit(engine, third.job_id, third.attempt_no, result(engine, me, third))
    stranger.kill()
    stranger.wait()
    assert assessed(assessor, fifth, made()) == flagged, "it is unknown when the stranger exited"
    assert assessed(assessor, sixth, made()) == []
    assert flags(engine) == {first.job_id: [], second.job_id: flagged, third.job_id: flagged}


def test_a_stranger_that_stays_is_flagged_without_another_check(
    engine: Engine,
    assessor: Assessor,
    fake: FakeGpu,
    sampler: MemorySampler,
    stranger: subprocess.Popen[str],
) -> None:
    _, (first, second, third, fourth) = jobs(engine, 4)
    fake.held_mib[stranger.pid] = 2048.0
    assert assessed(assessor, first, made()) == ["foreign_process"]
    running = sampler.begin()
    assert assessed(assessor, second, made()) == ["foreign_process"]
    sampler.end(running)
    before = made()
    fake.held_mib.clear()
    assert assessed(assessor, third, made()) == ["foreign_process"]
    assert assessed(assessor, fourth, made()) == []
    assert assessed(assessor, fourth, before) == ["foreign_process"], (
        "it began while the stranger was there"
    )


def test_checks_are_a_second_apart(
    guard: GpuGuard,
    fake: FakeGpu,
    stranger: subprocess.Popen[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert guard.check_for_others() is False
    monkeypatch.setattr(guard_module, "CHECK_EVERY_S", 1.0)
    fake.held_mib[stranger.pid] = 2048.0
    assert guard.check_for_others() is None
    assert guard.incidents_since(0) == ()


def test_a_driver_that_does_not_answer_flags_nothing(guard: GpuGuard, fake: FakeGpu) -> None:
    fake.lost = True
    assert guard.check_for_others() is None
    assert guard.incidents_since(0) == ()


def test_a_stranger_counts_from_the_last_clean_check_to_the_next(
    guard: GpuGuard, fake: FakeGpu, stranger: subprocess.Popen[str]
) -> None:
    early_s = time.monotonic()
    assert guard.check_for_others() is False
    after_s = time.monotonic()
    fake.held_mib[stranger.pid] = 2048.0
    assert guard.check_for_others() is True
    fake.held_mib.clear()
    assert guard.check_for_others() is False
    late_s = time.monotonic()
    assert [found.kind for found in guard.incidents_between(after_s, after_s)] == [
        "foreign_process"
    ]
    assert guard.incidents_between(0, early_s) == ()
    assert guard.incidents_between(late_s, float("inf")) == ()


def test_no_window_opens_during_a_check(sampler: MemorySampler) -> None:
    checking, go_on = threading.Event(), threading.Event()
    order: list[str] = []

    def act() -> bool:
        checking.set()
        go_on.wait(5)
        order.append("checked")
        return True

    def begin() -> None:
        order.append(f"window {sampler.begin()}")

    with ExitStack() as stack:
        threads = [
            threading.Thread(target=sampler.while_idle, args=(act,)),
            threading.Thread(target=begin),
        ]
        threads[0].start()
        assert checking.wait(5)
        threads[1].start()
        stack.callback(threads[1].join)
        stack.callback(threads[0].join)
        go_on.set()
    assert order == ["checked", "window 1"]
    assert sampler.while_idle(act) is None


def test_a_clock_below_the_usual_is_flagged(engine: Engine, assessor: Assessor) -> None:
    _, (job,) = jobs(engine, 1)

    def about(clock_mhz: int, boot_id: int = 1) -> list[str]:
        return assessed(
            assessor, job, GENERATION, boot_id, trace(gpu_sample(1.5, sm_clock_mhz=clock_mhz))
        )

    assert [about(1980) for _ in range(5)] == [[]] * 5
    assert about(1800) == ["clock_drop"]
    assert about(1800, boot_id=2) == []


def test_incidents_and_conditions_are_flagged_together(
    engine: Engine, assessor: Assessor, guard: GpuGuard
) -> None:
    _, (job,) = jobs(engine, 1)
    generation = made()
    guard._take(13)
    sampled = trace(gpu_sample(generation.last_token_s, reasons=0x20))
    assert assessed(assessor, job, generation, sampled=sampled) == ["throttled", "xid"]


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
