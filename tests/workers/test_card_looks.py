"""The looks at a card: each is stored with its result, and no job begins while one still tells of the warm-up."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from db.claims import ClaimedJob
from tests.support.database import query
from tests.support.fake_host import FakeHost, spec
from tests.support.gpu_worker import SetGpu, gpu_worker
from tests.support.jobs import Enqueue
from tests.support.measurements import gpu_sample
from workers.errors import GenerationCancelled
from workers.gpu.guard import GpuGuard
from workers.gpu.telemetry import GpuSample
from workers.lifecycle.timeouts import Timeouts
from workers.loading import loader
from workers.loading.loader import EngineLoader
from workers.measurement import assessment
from workers.measurement.assessment import until_free

FREE = gpu_sample(1.0, reasons=0x0, sm_clock_mhz=1980, max_sm_clock_mhz=1980, power_w=240.0)
HELD = gpu_sample(0.5, reasons=0x4, sm_clock_mhz=1935, max_sm_clock_mhz=1980, power_w=320.0)
STARTS = "SELECT warm_up FROM eval.boot WHERE warm_up <> '{}'"


class MadeUpCard:
    """Stands for a card: what it tells at one look after another, the last for ever."""

    def __init__(self, *told: GpuSample) -> None:
        self.told = list(told)

    def look(self) -> GpuSample:
        """Return the next sample."""
        return self.told.pop(0) if len(self.told) > 1 else self.told[0]

    @property
    def as_card(self) -> GpuGuard:
        """Return it as what it stands for."""
        return cast("GpuGuard", self)


def warmed_up(
    engine: Engine, worker: uuid.UUID, job: ClaimedJob, folder: Path, guard: MadeUpCard | None
) -> dict[str, Any]:
    """Start an engine beside the card and return what is stored of its warm-up."""
    host = FakeHost.on(folder)
    given = None if guard is None else guard.as_card
    starts = EngineLoader(engine, host.as_host, worker_id=worker, timeouts=Timeouts(), guard=given)
    starts.load(job, on_progress=lambda: None, on_start=lambda: None)
    (row,) = query(engine, STARTS)
    return dict(row["warm_up"])


def test_a_card_that_is_held_down_is_waited_for() -> None:
    guard, asked = MadeUpCard(HELD, HELD, FREE), []
    waited_s = until_free(guard.look, lambda: asked.append(1), 5)
    assert waited_s is not None
    assert waited_s >= 2 * assessment.LOOK_AGAIN_S
    assert (len(asked), guard.told) == (2, [FREE])


def test_a_card_that_runs_freely_costs_no_wait() -> None:
    waited_s = until_free(MadeUpCard(FREE).look, lambda: pytest.fail("it waited"), 5)
    assert waited_s is not None
    assert waited_s < assessment.LOOK_AGAIN_S


def test_a_card_that_stays_held_down_is_not_waited_for_for_ever() -> None:
    assert until_free(MadeUpCard(HELD).look, lambda: None, 0.15) is None


def test_a_cancel_ends_the_wait() -> None:
    def cancelled() -> None:
        raise GenerationCancelled("cancelled")

    with pytest.raises(GenerationCancelled):
        until_free(MadeUpCard(HELD).look, cancelled, 5)


def test_a_start_says_how_long_the_clock_was_held_down_after_the_warm_up(
    engine: Engine, worker_id: uuid.UUID, claimed: Callable[..., ClaimedJob], tmp_path: Path
) -> None:
    job = claimed(spec(warm_up_requests=10, boots="single"))
    stored = warmed_up(engine, worker_id, job, tmp_path, MadeUpCard(HELD, FREE))
    assert stored["requests"] == 10
    assert assessment.LOOK_AGAIN_S <= stored["clock_free_s"] < loader.FREE_WITHIN_S


def test_a_start_says_that_the_clock_was_held_down_to_the_end(
    engine: Engine,
    worker_id: uuid.UUID,
    claimed: Callable[..., ClaimedJob],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loader, "FREE_WITHIN_S", 0.15)
    job = claimed(spec(warm_up_requests=10, boots="single"))
    assert warmed_up(engine, worker_id, job, tmp_path, MadeUpCard(HELD))["clock_free_s"] is None


def test_without_a_card_nothing_is_said_of_a_clock(
    engine: Engine, worker_id: uuid.UUID, claimed: Callable[..., ClaimedJob], tmp_path: Path
) -> None:
    job = claimed(spec(warm_up_requests=10, boots="single"))
    assert "clock_free_s" not in warmed_up(engine, worker_id, job, tmp_path, None)


def test_each_look_is_stored_with_its_result(
    on_gpu: dict[str, str], set_gpu: SetGpu, engine: Engine, enqueue: Enqueue
) -> None:
    """A real worker on a made-up card at its power cap; one that tells no clock leaves a gap and no zero."""
    set_gpu(sm_clock_mhz=1700, max_sm_clock_mhz=1980, temperature_c=61, reasons=4)
    enqueue(1, ttft_ms=300, tpot_ms=40, traced=True)
    with gpu_worker(on_gpu) as process:
        process.wait_for("job.succeeded")
        assert process.stop() == 0, process.tail()
    (result,) = query(engine, "SELECT flags, sm_clock_mhz, power_w FROM eval.generation")
    assert result == {"flags": ["throttled"], "sm_clock_mhz": 1700.0, "power_w": None}
    looks = query(engine, "SELECT * FROM analytics_v1.card_looks ORDER BY ordinal")
    told = {
        "run": "run",
        "model": "fake",
        "sm_clock_mhz": 1700,
        "max_sm_clock_mhz": 1980,
        "temperature_c": 61,
    }
    assert all(row | told | {"power_w": None, "clock_event_reasons": 4} == row for row in looks)
    assert [row["ordinal"] for row in looks] == list(range(1, len(looks) + 1))
    after_ms = [row["since_submit_ms"] for row in looks]
    assert after_ms == sorted(after_ms)
    assert [row["counted"] for row in looks].count(True) >= 1
    assert not looks[0]["counted"], "before the first token"
