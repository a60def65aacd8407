"""What a generation needs, the GPU conditions while tokens came, the flags that follow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import Engine

from core.model_spec import ModelSpec
from db import models
from tests.support.jobs import fake_job
from tests.support.measurements import GENERATION, MEMORY, gpu_sample, trace
from workers.engines.protocol import MemoryReport
from workers.execution.rows import generation_row
from workers.gpu.telemetry import THROTTLED
from workers.measurement.assessment import (
    Assessor,
    GpuConditions,
    UsualClock,
    flags,
    gpu_conditions,
    need_mib,
)
from workers.measurement.measurement import Measurement
from workers.measurement.sampler import MemoryTrace

JOB = fake_job(ModelSpec(name="m", engine="vllm", source="s", queue="vllm"))


def needed(memory: MemoryReport) -> float | None:
    return need_mib(memory, kv_used_mib=100.0, trace=None)


@pytest.mark.parametrize(("run_mib", "expected"), [(20.0, 2720.0), (450.0, 2870.0)])
def test_the_larger_activation_counts_and_the_reservation_does_not(
    run_mib: float, expected: float
) -> None:
    assert needed(replace(MEMORY, activation_run_mib=run_mib)) == pytest.approx(expected)


@pytest.mark.parametrize(
    "term", ["context", "weights", "buffers", "activation_peak", "activation_run", "graphs"]
)
def test_a_need_with_an_unknown_term_is_unknown(term: str) -> None:
    changes: dict[str, Any] = {f"{term}_mib": None}
    assert needed(replace(MEMORY, **changes)) is None


def test_flags_say_what_happened_and_nothing_else() -> None:
    assert flags(GENERATION) == ()
    flagged = replace(GENERATION, preemptions=1, compiled=("Triton kernel JIT compilation",))
    assert flags(flagged, ["xid", "xid"]) == ("preempted", "compile", "xid")


def test_only_samples_between_the_first_and_the_last_token_count() -> None:
    samples = [
        gpu_sample(
            0.9, sm_clock_mhz=345, temperature_c=30, power_w=70.0, reasons=0x1
        ),  # still idle
        gpu_sample(1.0, sm_clock_mhz=1900, temperature_c=50, power_w=300.0, reasons=0x0),
        gpu_sample(1.5, sm_clock_mhz=1980, temperature_c=55, power_w=400.0, reasons=0x2),
        gpu_sample(2.0, sm_clock_mhz=1700, temperature_c=52, power_w=350.0, reasons=0x10),
        gpu_sample(2.1, sm_clock_mhz=345, temperature_c=90, power_w=70.0, reasons=0x8),
    ]
    assert gpu_conditions(samples, 1.0, 2.0) == GpuConditions(
        sm_clock_mhz=1900.0, temperature_c=55.0, power_w=350.0, clock_event_reasons=0x12
    )


def test_what_no_sample_has_is_unknown() -> None:
    assert gpu_conditions([], 0.0, 1.0) == GpuConditions()
    assert not GpuConditions().throttled
    half = gpu_conditions([gpu_sample(0.5, sm_clock_mhz=1500)], 0.0, 1.0)
    assert (half.sm_clock_mhz, half.temperature_c) == (1500.0, None)
    assert (half.power_w, half.clock_event_reasons) == (None, None)


@pytest.mark.parametrize("reason", [0x8, 0x20, 0x40, 0x80])
def test_heat_and_brakes_throttle(reason: int) -> None:
    full = gpu_sample(0.5, reasons=reason | 0x1, sm_clock_mhz=1980, max_sm_clock_mhz=1980)
    assert gpu_conditions([full], 0.0, 1.0).throttled


def test_the_power_cap_throttles_below_the_highest_clock() -> None:
    """At the highest clock it is about the moment before; without clocks it is believed."""
    free = gpu_sample(1.5, reasons=0x0, sm_clock_mhz=1900, max_sm_clock_mhz=1980)
    full = gpu_conditions(
        [gpu_sample(1.0, reasons=0x4, sm_clock_mhz=1980, max_sm_clock_mhz=1980), free], 0.0, 2.0
    )
    assert (full.clock_event_reasons, full.throttled) == (0x4, False)
    assert gpu_conditions(
        [gpu_sample(1.0, reasons=0x5, sm_clock_mhz=1965, max_sm_clock_mhz=1980), free], 0.0, 2.0
    ).throttled
    assert gpu_conditions([gpu_sample(1.0, reasons=0x4, sm_clock_mhz=1980)], 0.0, 2.0).throttled
    assert gpu_conditions([gpu_sample(1.0, reasons=0x4)], 0.0, 2.0).throttled


@pytest.mark.parametrize("reason", [0x0, 0x1, 0x2, 0x10, 0x100])
def test_idling_and_settings_do_not(reason: int) -> None:
    assert not gpu_conditions([gpu_sample(0.5, reasons=reason)], 0.0, 1.0).throttled
    assert not reason & THROTTLED


def row_of(sampled: MemoryTrace | None) -> models.Generation:
    """Return the row of a generation on a worker that guards no GPU."""
    measurement = Measurement(
        generation=replace(GENERATION, memory=MEMORY), boot_id=7, trace=sampled
    )
    assessment = Assessor(cast("Engine", None), None, None).assess(JOB, measurement)
    return generation_row(JOB, measurement, assessment)


def test_a_row_has_the_conditions_and_is_flagged() -> None:
    samples = [
        gpu_sample(1.2, sm_clock_mhz=1410, temperature_c=84, power_w=310.0, reasons=0x20),
        gpu_sample(2.5, sm_clock_mhz=345, reasons=0x8),
    ]
    row = row_of(trace(*samples))
    assert (row.sm_clock_mhz, row.temperature_c) == (1410.0, 84.0)
    assert (row.power_w, row.clock_event_reasons) == (310.0, 0x20)
    assert row.flags == ["throttled"]


@pytest.mark.parametrize(
    "without", [None, trace(), trace(gpu_sample(1.5, sm_clock_mhz=1980, reasons=0))]
)
def test_a_row_is_not_flagged_for_what_was_not_seen(without: MemoryTrace | None) -> None:
    assert row_of(without).flags == []


def test_a_drop_is_more_than_a_twentieth_below_the_median_of_five() -> None:
    usual = UsualClock()
    assert [usual.dropped(clock, "a") for clock in (1980, 1200, 1980, 1965)] == [False] * 4, (
        "nothing is usual yet"
    )
    assert not usual.dropped(1980, "a")
    assert not usual.dropped(1881, "a"), "exactly a twentieth"
    assert usual.dropped(1870, "a")
    assert usual.dropped(1870, "a"), "a drop that lasts does not become usual"
    assert not usual.dropped(None, "a")


def test_what_is_usual_begins_anew_with_another_start() -> None:
    usual = UsualClock()
    for _ in range(10):
        assert not usual.dropped(1980, (1, "latency"))
    assert not usual.dropped(1200, (2, "latency"))
    assert not usual.dropped(1980, (2, "latency"))
