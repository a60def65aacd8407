"""Pairs: which results belong together, and what one problem contributes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparison.paired import Cell, match, pair

NAN = math.nan


def test_repetitions_are_averaged_before_prompts() -> None:
    cells_a: list[Cell] = [("p", "plain")] * 3 + [("p", "stepwise")]
    cells_b: list[Cell] = [("p", "plain"), ("p", "stepwise")]

    pairs = pair(match(cells_a, cells_b), np.array([1.0, 2, 3, 6]), np.array([3.0, 7]))

    # (1 + 2 + 3) / 3 = 2 and 6 make 4; 3 and 7 make 5: four results of A are one value.
    assert (pairs.a.tolist(), pairs.b.tolist()) == ([4.0], [5.0])


def test_only_cells_of_both_sides_count() -> None:
    cells_a: list[Cell] = [("p", "plain"), ("q", "plain"), ("p", "stepwise")]
    cells_b: list[Cell] = [("q", "plain"), ("r", "plain"), ("p", "plain"), ("p", "plain")]
    matching = match(cells_a, cells_b)

    pairs = pair(matching, np.array([1.0, 2, 9]), np.array([5.0, 9, 3, 4]))

    assert matching.problems == ("p", "q")
    assert (matching.unpaired_a, matching.unpaired_b) == (1, 1)
    assert pairs.differences.tolist() == [2.5, 3.0]


def test_a_missing_value_is_no_zero() -> None:
    cells: list[Cell] = [("p", "plain"), ("p", "plain"), ("q", "plain")]

    pairs = pair(match(cells, cells), np.array([1.0, NAN, 4]), np.array([2.0, 4, NAN]))

    assert pairs.rows.tolist() == [0]
    assert pairs.differences.tolist() == [2.0]


def test_logarithms_are_averaged_and_zero_has_none() -> None:
    cells: list[Cell] = [("p", "plain"), ("p", "plain"), ("q", "plain")]

    pairs = pair(match(cells, cells), np.array([1.0, 100, 0]), np.array([10.0, 10, 5]), log=True)

    assert np.exp(pairs.a).tolist() == pytest.approx([10.0])
    assert pairs.rows.tolist() == [0]


def test_the_part_of_repetitions_is_the_variance_that_they_make() -> None:
    generator = np.random.default_rng(3)
    cells: list[Cell] = [(f"p{n:04}", "plain") for n in range(4000) for _ in range(3)]
    level = np.repeat(generator.normal(0, 2, 4000), 3)
    shift = np.repeat(generator.normal(0, 0.5, 4000), 3)
    a, b = level + generator.normal(0, 1, 12000), level + shift + generator.normal(0, 1, 12000)

    pairs = pair(match(cells, cells), a, b)

    # Each side's mean of three has a variance of 1/3; the problems differ by 0.5 squared more.
    assert pairs.within == pytest.approx(2 / 3, rel=0.03)
    assert np.var(pairs.differences) == pytest.approx(2 / 3 + 0.25, rel=0.05)
    assert pairs.repetitions == 3


def test_without_repetitions_their_part_is_unknown() -> None:
    cells: list[Cell] = [("p", "plain"), ("q", "plain")]

    assert pair(match(cells, cells), np.array([1.0, 2]), np.array([1.0, 3])).within is None


def test_nothing_in_common_is_an_empty_pair() -> None:
    pairs = pair(match([("p", "plain")], [("q", "plain")]), np.array([1.0]), np.array([1.0]))

    assert (len(pairs.rows), pairs.repetitions) == (0, 0)


rows = st.lists(
    st.tuples(
        st.sampled_from(["p", "q", "r", "s"]),
        st.sampled_from(["plain", "stepwise"]),
        st.one_of(st.none(), st.floats(-7, 7)),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(rows, rows)
def test_arrays_say_what_dictionaries_say(
    a: list[tuple[str, str, float | None]], b: list[tuple[str, str, float | None]]
) -> None:
    def means(side: list[tuple[str, str, float | None]]) -> dict[Cell, float]:
        values: dict[Cell, list[float]] = {}
        for problem, prompt, value in side:
            if value is not None:
                values.setdefault((problem, prompt), []).append(value)
        return {cell: sum(found) / len(found) for cell, found in values.items()}

    of_a, of_b = means(a), means(b)
    expected: dict[str, list[float]] = {}
    for cell in sorted(of_a.keys() & of_b.keys()):
        expected.setdefault(cell[0], []).append(of_b[cell] - of_a[cell])
    matching = match([row[:2] for row in a], [row[:2] for row in b])

    pairs = pair(
        matching,
        np.array([NAN if row[2] is None else row[2] for row in a], dtype=float),
        np.array([NAN if row[2] is None else row[2] for row in b], dtype=float),
    )

    found = {
        matching.problems[row]: d for row, d in zip(pairs.rows, pairs.differences, strict=True)
    }
    assert found == pytest.approx({p: sum(ds) / len(ds) for p, ds in expected.items()}, abs=1e-9)


def test_the_order_of_equal_results_is_no_difference() -> None:
    cells: list[Cell] = [(f"p{n}", "plain") for n in range(20) for _ in range(3)]
    scores = np.tile([0.1, 0.2, 0.3], 20)
    assert np.mean([0.1, 0.2, 0.3]) != np.mean([0.3, 0.2, 0.1])

    pairs = pair(match(cells, cells), scores, np.tile([0.3, 0.2, 0.1], 20))

    assert set(pairs.differences) == {0.0}
