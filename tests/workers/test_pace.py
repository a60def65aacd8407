"""The card's pace while tokens came: medians of the looks that count, the flags that follow, and a clock that drops."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.model_spec import ModelSpec
from tests.support.jobs import fake_job
from tests.support.measurements import GENERATION, MEMORY, gpu_sample, trace
from workers.execution.rows import generation_row
from workers.measurement.assessment import THROTTLED, Pace, UsualClock, pace
from workers.measurement.sampler import MemoryTrace

JOB = fake_job(ModelSpec(name="m", engine="vllm", source="s", queue="vllm"))


def test_only_looks_between_the_first_and_the_last_token_count() -> None:
    looks = [
        gpu_sample(
            0.9, sm_clock_mhz=345, temperature_c=30, power_w=70.0, reasons=0x1
        ),  # still idle
        gpu_sample(1.0, sm_clock_mhz=1900, temperature_c=50, power_w=300.0, reasons=0x0),
        gpu_sample(1.5, sm_clock_mhz=1980, temperature_c=55, power_w=400.0, reasons=0x2),
        gpu_sample(2.0, sm_clock_mhz=1700, temperature_c=52, power_w=350.0, reasons=0x10),
        gpu_sample(2.1, sm_clock_mhz=345, temperature_c=90, power_w=70.0, reasons=0x8),
    ]
    assert pace(looks, 1.0, 2.0) == Pace(
        sm_clock_mhz=1900.0, temperature_c=55.0, power_w=350.0, clock_event_reasons=0x12
    )


def test_what_no_look_tells_is_not_known() -> None:
    assert pace([], 0.0, 1.0) == Pace()
    assert not Pace().throttled
    half = pace([gpu_sample(0.5, sm_clock_mhz=1500)], 0.0, 1.0)
    assert (half.sm_clock_mhz, half.temperature_c, half.power_w, half.clock_event_reasons) == (
        1500.0,
        None,
        None,
        None,
    )


@pytest.mark.parametrize("reason", [0x8, 0x20, 0x40, 0x80])
def test_heat_and_brakes_throttle(reason: int) -> None:
    full = gpu_sample(0.5, reasons=reason | 0x1, sm_clock_mhz=1980, max_sm_clock_mhz=1980)
    assert pace([full], 0.0, 1.0).throttled


def test_the_power_cap_throttles_below_the_highest_clock() -> None:
    """At the highest clock it tells of the moment before, and where clocks are not told it is believed."""
    free = gpu_sample(1.5, reasons=0x0, sm_clock_mhz=1900, max_sm_clock_mhz=1980)
    full = pace(
        [gpu_sample(1.0, reasons=0x4, sm_clock_mhz=1980, max_sm_clock_mhz=1980), free], 0.0, 2.0
    )
    assert (full.clock_event_reasons, full.throttled) == (0x4, False)
    assert pace(
        [gpu_sample(1.0, reasons=0x5, sm_clock_mhz=1965, max_sm_clock_mhz=1980), free], 0.0, 2.0
    ).throttled
    assert pace([gpu_sample(1.0, reasons=0x4, sm_clock_mhz=1980)], 0.0, 2.0).throttled
    assert pace([gpu_sample(1.0, reasons=0x4)], 0.0, 2.0).throttled


@pytest.mark.parametrize("reason", [0x0, 0x1, 0x2, 0x10, 0x100])
def test_idling_and_settings_do_not(reason: int) -> None:
    assert not pace([gpu_sample(0.5, reasons=reason)], 0.0, 1.0).throttled
    assert not reason & THROTTLED


def test_a_row_tells_the_pace_and_is_flagged() -> None:
    looks = [
        gpu_sample(1.2, sm_clock_mhz=1410, temperature_c=84, power_w=310.0, reasons=0x20),
        gpu_sample(2.5, sm_clock_mhz=345, reasons=0x8),
    ]
    row = generation_row(JOB, GENERATION, 7, MEMORY, trace(*looks), incidents=["xid"])
    assert (row.sm_clock_mhz, row.temperature_c, row.power_w, row.clock_event_reasons) == (
        1410.0,
        84.0,
        310.0,
        0x20,
    )
    assert row.flags == ["throttled", "xid"]


@pytest.mark.parametrize(
    "without", [None, trace(), trace(gpu_sample(1.5, sm_clock_mhz=1980, reasons=0))]
)
def test_a_row_is_not_flagged_for_what_was_not_seen(without: MemoryTrace | None) -> None:
    assert generation_row(JOB, replace(GENERATION), 7, MEMORY, without).flags == []


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
