"""Energy of requests: by the GPU's counter, else by its power, each on one scale per engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.support.database import query
from tests.support.gpu_worker import SetGpu, gpu_worker
from tests.support.jobs import Enqueue
from workers.gpu.energy import EnergyMeter, EnergyReading
from workers.gpu.nvml import each_at_once
from workers.measurement.windows import Windows

ROWS = """
SELECT g.energy_method AS method, g.energy_end_j - g.energy_begin_j AS joules,
       g.last_token_s - g.submitted_s AS seconds, b.idle_power_w, b.idle_power_method
  FROM eval.generation AS g JOIN eval.boot AS b ON b.id = g.boot_id ORDER BY g.job_id
"""


@dataclass(slots=True)
class Gpu:
    """A GPU that reports what a test lists; the next of several readings each time."""

    joules: list[float | None] = field(default_factory=lambda: [None])
    watts: list[float | None] = field(default_factory=lambda: [None])

    def energy_j(self) -> float | None:
        """Return the next counter."""
        return self.joules.pop(0) if len(self.joules) > 1 else self.joules[0]

    def power_w(self) -> float | None:
        """Return the next power."""
        return self.watts.pop(0) if len(self.watts) > 1 else self.watts[0]


def test_counters_of_a_group_are_added() -> None:
    meter = EnergyMeter([Gpu(joules=[0, 10, 30]), Gpu(joules=[0, 100, 140])])
    assert meter.read(1.0) == EnergyReading(joules=110, method="counter")
    meter.follow(1.5)
    assert meter.read(2.0) == EnergyReading(joules=170, method="counter")


def test_without_a_counter_on_every_gpu_power_is_integrated() -> None:
    meter = EnergyMeter([Gpu(joules=[5], watts=[100, 100, 300]), Gpu(watts=[50, 50, 150])])
    assert meter.read(1.0) == EnergyReading(joules=0, method="power")
    meter.follow(2.0)
    assert meter.read(4.0) == EnergyReading(joules=150 + 2 * 300, method="power")


def test_what_one_gpu_does_not_report_is_unknown_and_not_zero() -> None:
    assert EnergyMeter([Gpu(watts=[100]), Gpu()]).read(1.0) is None
    assert EnergyMeter([]).read(1.0) is None
    silent = EnergyMeter([Gpu(joules=[1, 2, None])])
    assert silent.read(1.0) is not None
    assert silent.read(2.0) is None


def test_each_window_has_its_ends_on_one_scale() -> None:
    windows = Windows(lambda: [1.0], 0.02, meter=EnergyMeter([Gpu(joules=[0, 10, 20, 50, 90])]))
    windows.begin(1)
    windows.read_energy()
    windows.begin(2)
    windows.stop(1)
    windows.stop(2)
    assert windows.trace(1)["energy"] == {"begin_j": 10, "end_j": 50, "method": "counter"}
    assert windows.trace(2)["energy"] == {"begin_j": 20, "end_j": 90, "method": "counter"}


def test_the_gpus_of_a_group_are_read_at_the_same_time() -> None:
    """Each reading waits for the other: one after the other they would never end."""
    both = Barrier(2, timeout=10)

    class Waiting(Gpu):
        def energy_j(self) -> float | None:
            both.wait()
            return Gpu.energy_j(self)

    gpus = [Waiting(joules=[5]), Waiting(joules=[7])]
    with each_at_once(gpus) as each:
        found = list(each(lambda gpu: gpu.energy_j(), gpus))
    assert found == [5, 7], "in the order of the GPUs"


def test_without_a_meter_or_a_reading_a_window_has_no_energy() -> None:
    for meter in (None, EnergyMeter([Gpu()]), EnergyMeter([Gpu(joules=[0, 1, None])])):
        windows = Windows(lambda: [1.0], 0.02, meter=meter)
        windows.begin(1)
        windows.stop(1)
        assert windows.trace(1)["energy"] is None


def stored_on_a_gpu(
    on_gpu: dict[str, str], engine: Engine, enqueue: Enqueue
) -> list[dict[str, Any]]:
    """Let a real worker on the fake GPU answer twice, and return what it stored."""
    enqueue(2, ttft_ms=300, tpot_ms=40, traced=True)
    with gpu_worker(on_gpu) as process:
        process.wait_for("engine.idle_power")
        for _ in range(2):
            process.wait_for("job.succeeded")
        assert process.stop() == 0, process.tail()
    rows = query(engine, ROWS)
    assert len(rows) == 2
    return rows


def test_a_worker_stores_the_energy_by_the_counter_and_the_idle_power(
    on_gpu: dict[str, str], set_gpu: SetGpu, engine: Engine, enqueue: Enqueue
) -> None:
    set_gpu(counted_w=250, power_w=90)
    for row in stored_on_a_gpu(on_gpu, engine, enqueue):
        assert (row["method"], row["idle_power_method"]) == ("counter", "counter")
        assert row["idle_power_w"] == pytest.approx(250, rel=0.02)
        # The window begins before the request and ends after it.
        assert 0.99 * 250 * row["seconds"] <= row["joules"] <= 250 * (row["seconds"] + 5)


def test_a_worker_without_a_counter_integrates_power(
    on_gpu: dict[str, str], set_gpu: SetGpu, engine: Engine, enqueue: Enqueue
) -> None:
    set_gpu(power_w=90)
    for row in stored_on_a_gpu(on_gpu, engine, enqueue):
        assert (row["method"], row["idle_power_method"]) == ("power", "power")
        assert row["idle_power_w"] == pytest.approx(90, rel=0.02)
        assert 0.99 * 90 * row["seconds"] <= row["joules"] <= 90 * (row["seconds"] + 5)


def test_a_gpu_that_reports_nothing_leaves_energy_unknown(
    on_gpu: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(1, traced=True)
    with gpu_worker(on_gpu) as process:
        process.wait_for("job.succeeded")
        assert process.stop() == 0, process.tail()
    (row,) = query(engine, ROWS)
    assert (row["method"], row["joules"], row["idle_power_w"]) == (None, None, None)
