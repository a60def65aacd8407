"""GPU samples: each is stored with its result; no job begins while the GPU is throttled."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from db.queue.claims import ClaimedJob
from tests.support.database import query
from tests.support.fake_host import FakeHost, spec
from tests.support.gpu_worker import SetGpu, gpu_worker
from tests.support.jobs import Enqueue
from tests.support.measurements import gpu_sample
from workers.errors import GenerationCancelled
from workers.gpu import telemetry
from workers.gpu.guard import GpuGuard
from workers.gpu.telemetry import GpuSample, wait_while_throttled
from workers.lifecycle.timeouts import Timeouts
from workers.loading import loader
from workers.loading.loader import EngineLoader

FREE = gpu_sample(1.0, reasons=0x0, sm_clock_mhz=1980, max_sm_clock_mhz=1980, power_w=240.0)
THROTTLED = gpu_sample(0.5, reasons=0x4, sm_clock_mhz=1935, max_sm_clock_mhz=1980, power_w=320.0)
STARTS = "SELECT warm_up FROM eval.boot WHERE warm_up <> '{}'"


class FakeGuard:
    """Stands for a GPU's guard: one sample after another, then the last for ever."""

    def __init__(self, *samples: GpuSample) -> None:
        self.samples = list(samples)

    def sample(self) -> GpuSample:
        """Return the next sample."""
        return self.samples.pop(0) if len(self.samples) > 1 else self.samples[0]

    @property
    def as_guard(self) -> GpuGuard:
        """Return itself where a guard is asked for."""
        return cast("GpuGuard", self)


def warmed_up(
    engine: Engine, worker: uuid.UUID, job: ClaimedJob, folder: Path, guard: FakeGuard | None
) -> dict[str, Any]:
    """Start an engine beside the guard and return what is stored of its warm-up."""
    host = FakeHost.on(folder)
    given = None if guard is None else guard.as_guard
    starts = EngineLoader(engine, host.as_host, worker_id=worker, timeouts=Timeouts(), guard=given)
    starts.load(job, on_progress=lambda: None, on_start=lambda: None)
    (row,) = query(engine, STARTS)
    return dict(row["warm_up"])


def test_a_throttled_gpu_is_waited_for() -> None:
    guard, asked = FakeGuard(THROTTLED, THROTTLED, FREE), []
    waited_s = wait_while_throttled(guard.sample, lambda: asked.append(1), 5)
    assert waited_s is not None
    assert waited_s >= 2 * telemetry.SAMPLE_EVERY_S
    assert (len(asked), guard.samples) == (2, [FREE])


def test_a_gpu_that_runs_freely_costs_no_wait() -> None:
    waited_s = wait_while_throttled(FakeGuard(FREE).sample, lambda: pytest.fail("it waited"), 5)
    assert waited_s is not None
    assert waited_s < telemetry.SAMPLE_EVERY_S


def test_a_gpu_that_stays_throttled_is_not_waited_for_for_ever() -> None:
    assert wait_while_throttled(FakeGuard(THROTTLED).sample, lambda: None, 0.15) is None


def test_a_cancel_ends_the_wait() -> None:
    def cancelled() -> None:
        raise GenerationCancelled("cancelled")

    with pytest.raises(GenerationCancelled):
        wait_while_throttled(FakeGuard(THROTTLED).sample, cancelled, 5)


def test_a_start_says_how_long_the_gpu_was_throttled_after_the_warm_up(
    engine: Engine, worker_id: uuid.UUID, claimed: Callable[..., ClaimedJob], tmp_path: Path
) -> None:
    job = claimed(spec(warm_up_requests=10, boots="single"))
    stored = warmed_up(engine, worker_id, job, tmp_path, FakeGuard(THROTTLED, FREE))
    assert stored["requests"] == 10
    assert telemetry.SAMPLE_EVERY_S <= stored["clock_free_s"] < loader.UNTHROTTLED_WITHIN_S


def test_a_start_says_that_the_gpu_was_throttled_to_the_end(
    engine: Engine,
    worker_id: uuid.UUID,
    claimed: Callable[..., ClaimedJob],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loader, "UNTHROTTLED_WITHIN_S", 0.15)
    job = claimed(spec(warm_up_requests=10, boots="single"))
    assert warmed_up(engine, worker_id, job, tmp_path, FakeGuard(THROTTLED))["clock_free_s"] is None


def test_without_a_gpu_nothing_is_said_of_a_clock(
    engine: Engine, worker_id: uuid.UUID, claimed: Callable[..., ClaimedJob], tmp_path: Path
) -> None:
    job = claimed(spec(warm_up_requests=10, boots="single"))
    assert "clock_free_s" not in warmed_up(engine, worker_id, job, tmp_path, None)


def test_each_gpu_sample_is_stored_with_its_result(
    on_gpu: dict[str, str], set_gpu: SetGpu, engine: Engine, enqueue: Enqueue
) -> None:
    """A real worker on a fake GPU at its power cap; a sample without power is NULL, not zero."""
    set_gpu(sm_clock_mhz=1700, max_sm_clock_mhz=1980, temperature_c=61, reasons=4)
    enqueue(1, ttft_ms=300, tpot_ms=40, traced=True)
    with gpu_worker(on_gpu) as process:
        process.wait_for("job.succeeded")
        assert process.stop() == 0, process.tail()
    (result,) = query(engine, "SELECT flags, sm_clock_mhz, power_w FROM eval.generation")
    assert result == {"flags": ["throttled"], "sm_clock_mhz": 1700.0, "power_w": None}
    samples = query(engine, "SELECT * FROM analytics_v1.card_looks ORDER BY ordinal")
    named = {"run": "run", "model": "fake", "power_w": None, "clock_event_reasons": 4}
    same = named | {"sm_clock_mhz": 1700, "max_sm_clock_mhz": 1980, "temperature_c": 61}
    assert all(row | same == row for row in samples)
    assert [row["ordinal"] for row in samples] == list(range(1, len(samples) + 1))
    after_ms = [row["since_submit_ms"] for row in samples]
    assert after_ms == sorted(after_ms)
    assert [row["counted"] for row in samples].count(True) >= 1
    assert not samples[0]["counted"], "before the first token"
