"""Coverage, false alarms and blocks by simulation; docs/measurements/comparison.md has more."""

from __future__ import annotations

import math

import pytest

from bench.comparison_simulation import SIZES, percentile_coverage, several_rules_block, simulate

RUNS = 1500


@pytest.mark.parametrize("problems", SIZES)
@pytest.mark.parametrize("drop", [0.0, 0.5])
def test_intervals_hold_the_truth_and_the_gate_keeps_its_level(problems: int, drop: float) -> None:
    found = simulate(problems, drop, runs=RUNS)

    assert 0.93 <= found.coverage <= 0.97
    # 2.5 % by design at the allowance itself, and four standard errors of this many runs.
    assert found.blocked <= 0.025 + 4 * math.sqrt(0.025 * 0.975 / RUNS)
    if drop == 0:
        assert found.blocked <= 0.005
        assert found.interval_finds <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / RUNS)
        assert found.test_finds <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / RUNS)


def test_larger_drops_and_more_problems_are_found_more_often() -> None:
    by_size = [simulate(problems, 0.75, runs=300).interval_finds for problems in SIZES]
    by_drop = [simulate(62, drop, runs=300).blocked for drop in (0.5, 0.75, 1.0, 1.5)]

    assert by_size == sorted(by_size)
    assert by_drop == sorted(by_drop)
    assert by_drop[-1] > 0.95


def test_ten_rules_block_no_more_often_than_one() -> None:
    assert several_rules_block(62, 10, runs=400) <= 0.025 + 4 * math.sqrt(0.025 * 0.975 / 400)


def test_the_interval_of_a_percentile_holds_the_truth() -> None:
    assert 0.92 <= percentile_coverage(28, runs=300) <= 0.99
