"""Pairs of results: repetitions averaged first, then one value per problem and side.

Problems are what a run samples, so the problem is the cluster: its prompts and repetitions belong
together, and every interval and test takes one row per problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: What is paired: problem and prompt style. Two prompts of one run are compared under one name.
Cell = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Which results of two sides belong together."""

    #: The problems that both sides have, sorted.
    problems: tuple[str, ...]
    #: Per cell in common: index of its problem.
    problem_of: Integers
    #: Per result of a side: index of its cell, -1 where the other side has none.
    codes_a: Integers
    codes_b: Integers

    @property
    def unpaired_a(self) -> int:
        """Number of results of A without a partner."""
        return int((self.codes_a < 0).sum())

    @property
    def unpaired_b(self) -> int:
        """Number of results of B without a partner."""
        return int((self.codes_b < 0).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """One metric on both sides, a value per problem."""

    #: Indices of its problems among those of the matching.
    rows: Integers
    #: Mean over the prompts of the means over repetitions; of logarithms where so requested.
    a: Floats
    b: Floats
    #: Results per cell, the mean of both sides.
    repetitions: float
    #: The part of the variance of a problem's difference that repetitions alone explain, at their
    #: present number; None without repetitions.
    within: float | None

    @property
    def differences(self) -> Floats:
        """B - A per problem; 0 where only rounding differs."""
        return settled(self.b - self.a, self.b)

    def of(self, chosen: NDArray[np.bool_]) -> Pairs:
        """Return the pairs of the problems for which ``chosen`` is true."""
        return Pairs(
            rows=self.rows[chosen],
            a=self.a[chosen],
            b=self.b[chosen],
            repetitions=self.repetitions,
            within=self.within,
        )


def settled(differences: Floats, values: Floats) -> Floats:
    """Return differences, 0 where they are the rounding errors of means of these values.

    The order of the same numbers changes the last bits of their mean, and a test would take the
    signs of those for findings.
    """
    return np.where(np.abs(differences) <= 1e-12 * np.abs(values), 0.0, differences)


def match(cells_a: Sequence[Cell], cells_b: Sequence[Cell]) -> Matching:
    """Match the results of two sides, each given as the cells of its results."""
    common = sorted(set(cells_a) & set(cells_b))
    problems = sorted({problem for problem, _ in common})
    place = {problem: index for index, problem in enumerate(problems)}
    code = {cell: index for index, cell in enumerate(common)}
    return Matching(
        problems=tuple(problems),
        problem_of=np.array([place[problem] for problem, _ in common], dtype=np.int64),
        codes_a=np.array([code.get(cell, -1) for cell in cells_a], dtype=np.int64),
        codes_b=np.array([code.get(cell, -1) for cell in cells_b], dtype=np.int64),
    )


def pair(matching: Matching, a: Floats, b: Floats, *, log: bool = False) -> Pairs:
    """Return a metric per problem; ``a`` and ``b`` have a value per result, NaN where none is.

    A cell counts where both sides have a value. ``log`` takes logarithms of the values, of which
    those at or below 0 count as none.
    """
    cells = len(matching.problem_of)
    side_a = _cell_means(matching.codes_a, _usable(a, log=log), cells)
    side_b = _cell_means(matching.codes_b, _usable(b, log=log), cells)
    both = (side_a.counts > 0) & (side_b.counts > 0)
    owners = matching.problem_of[both]
    size = len(matching.problems)
    numbers = np.bincount(owners, minlength=size)
    known = numbers > 0

    def per_problem(values: Floats) -> Floats:
        summed = np.bincount(owners, weights=values[both], minlength=size)
        return np.asarray(summed[known] / numbers[known])

    within = None
    if side_a.variance is not None and side_b.variance is not None and both.any():
        noise = np.zeros(cells)
        noise[both] = side_a.variance / side_a.counts[both] + side_b.variance / side_b.counts[both]
        within = float(np.mean(per_problem(noise) / numbers[known]))
    return Pairs(
        rows=np.flatnonzero(known),
        a=per_problem(side_a.means),
        b=per_problem(side_b.means),
        repetitions=float((side_a.counts[both].mean() + side_b.counts[both].mean()) / 2)
        if both.any()
        else 0.0,
        within=within,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _CellMeans:
    counts: Integers
    means: Floats
    #: Pooled variance between the repetitions of a cell; None where no cell has two.
    variance: float | None


def _usable(values: Floats, *, log: bool) -> Floats:
    values = np.asarray(values, dtype=np.float64)
    if not log:
        return values
    return np.asarray(np.log(np.where(values > 0, values, np.nan)))


def _cell_means(codes: Integers, values: Floats, cells: int) -> _CellMeans:
    kept = (codes >= 0) & np.isfinite(values)
    codes, values = codes[kept], values[kept]
    counts = np.bincount(codes, minlength=cells)
    sums = np.bincount(codes, weights=values, minlength=cells)
    means = sums / np.maximum(counts, 1)
    freedom = int(np.maximum(counts - 1, 0).sum())
    squares = float(((values - means[codes]) ** 2).sum())
    return _CellMeans(counts=counts, means=means, variance=squares / freedom if freedom else None)
