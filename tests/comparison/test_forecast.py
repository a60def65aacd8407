"""Sums foreseen from earlier values: where they come from, and how wide their range is."""

from __future__ import annotations

import statistics

import numpy as np
import pytest

from comparison.forecast import Cell, Past, forecast, range80


def past(problem: str, *values: float, occasion: int = 1, prompt: str = "plain") -> list[Past]:
    category = "easy" if problem < "m" else "hard"
    return [
        Past(problem=problem, category=category, prompt=prompt, occasion=occasion, value=value)
        for value in values
    ]


def cell(problem: str, times: int = 3, prompt: str = "plain") -> Cell:
    category = "easy" if problem < "m" else "hard"
    return Cell(problem=problem, category=category, prompt=prompt, times=times)


def test_each_cell_stands_on_the_nearest_results() -> None:
    known = [*past("a", 10, 12), *past("b", 20, 22), *past("x", 100, 104)]
    found = forecast(known, [cell("a"), cell("c", 2), cell("y", 1), cell("z", 1, prompt="other")])
    assert found.times_by_level == {
        "problem": 3, "category": 2, "prompt": 1, "model": 1, "none": 0,
    }  # fmt: skip
    # a: its own mean; c: the mean of the easy ones; y: one hard problem stands for no category, so
    # it is the mean under its prompt; z: whatever the model has.
    everything = (11 + 21 + 102) / 3
    assert found.mean == pytest.approx(3 * 11 + 2 * 16 + everything + everything)
    assert found.range80 is not None
    assert found.range80[0] < found.mean < found.range80[1]


def test_without_results_nothing_is_foreseen_and_it_is_said_for_how_many() -> None:
    found = forecast([], [cell("a"), cell("b")])
    assert (found.mean, found.range80, found.known) == (0, None, 0)
    assert found.times_by_level["none"] == 6


def test_single_results_of_a_problem_show_no_spread() -> None:
    found = forecast(past("a", 10), [cell("a")])
    assert (found.mean, found.range80) == (30, None)
    assert forecast([*past("a", 10), *past("b", 10, 14)], [cell("a")]).range80 is not None, (
        "the spread over repetitions of another problem stands for it"
    )


def test_runs_that_differ_widen_the_range() -> None:
    alike = [*past("a", 10, 10.1, 9.9), *past("a", 10, 10.1, 9.9, occasion=2)]
    apart = [*past("a", 10, 10.1, 9.9), *past("a", 14, 14.1, 13.9, occasion=2)]
    narrow, wide = (forecast(known, [cell("a")]).range80 for known in (alike, apart))
    assert narrow is not None
    assert wide is not None
    assert wide[1] / wide[0] > narrow[1] / narrow[0] + 0.1


def test_a_range_is_never_below_zero() -> None:
    low, high = range80(1.0, 4.0)
    assert 0 < low < 1 < high
    assert range80(5.0, 0.0) == pytest.approx((5.0, 5.0))


@pytest.mark.parametrize("unseen", [False, True])
def test_four_of_five_sums_lie_in_the_range(unseen: bool) -> None:
    """Draw worlds: 20 problems of log-normal length, three results each, then a run to foresee."""
    draw = np.random.default_rng(7)

    def world() -> bool:
        lengths = [draw.lognormal(2, 0.6) for _ in range(40)]
        known = [
            one
            for index, length in enumerate(lengths[:20])
            for one in past(f"a{index}", *(length * draw.lognormal(0, 0.2) for _ in range(3)))
        ]
        chosen = range(20, 40) if unseen else range(20)
        found = forecast(known, [cell(f"a{index}") for index in chosen]).range80
        assert found is not None
        took = sum(lengths[index] * draw.lognormal(0, 0.2) for index in chosen
                   for _ in range(3))  # fmt: skip
        return found[0] <= took <= found[1]

    share = statistics.fmean(world() for _ in range(400))
    assert 0.74 <= share <= 0.86, share
