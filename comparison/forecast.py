"""Forecast a sum, such as GPU seconds of a run, from values measured before, with its spread.

Each cell to come (a problem under a prompt, N times) takes its value from the nearest group
that has results: the same problem and prompt, else the category under that prompt, else the prompt,
else whatever the model has. Repetitions of a problem share what is its own, so a problem that was
never measured is one draw among the measured ones and not one for each repetition.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from comparison.student import t_quantile

#: From the nearest to the widest.
LEVELS = ("problem", "category", "prompt", "model")
NONE = "none"
#: The 90th percentile of a normal distribution, in its standard deviations.
Z90 = 1.2815515655446004
#: Problems from which the spread between problems is read; one alone has none.
PROBLEMS_AT_LEAST = 2
#: Results of an occasion from which its speed beside that of others is read.
RESULTS_AT_LEAST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One measured value."""

    problem: str
    category: str
    prompt: str
    #: The run and engine start that it was measured in.
    occasion: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A problem under a prompt that is to be answered ``times`` times."""

    problem: str
    category: str
    prompt: str
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A sum to expect, in the unit of the values it was made from."""

    mean: float
    #: Variance of the sum; None where the results show no spread: one each, of one problem.
    variance: float | None
    #: How many of what is to come each level stands for, ``none`` for what has no results.
    times_by_level: Mapping[str, int]

    @property
    def known(self) -> int:
        """How many of what is to come have results to stand on."""
        return sum(times for level, times in self.times_by_level.items() if level != NONE)

    @property
    def range80(self) -> tuple[float, float] | None:
        """Ends between which four of five such sums lie; None where the spread is unknown."""
        return None if self.variance is None else range80(self.mean, self.variance)


def range80(mean: float, variance: float) -> tuple[float, float]:
    """Return the 10th and 90th percentile of a log-normal sum: times are never below zero."""
    if mean <= 0:
        return (mean, mean)
    sigma2 = math.log1p(variance / mean**2)
    middle, reach = math.log(mean) - sigma2 / 2, Z90 * math.sqrt(sigma2)
    return (math.exp(middle - reach), math.exp(middle + reach))


def forecast(past: Sequence[Past], cells: Iterable[Cell]) -> Forecast:
    """Return the sum of the cells' values as the past results foresee it.

    Cells without results count nothing in it; ``times_by_level`` says how many they are.
    """
    measured = _Measured(past)
    by_source: dict[tuple[str, ...], list[Cell]] = defaultdict(list)
    for cell in cells:
        by_source[measured.source(cell)].append(cell)
    counted = dict.fromkeys((*LEVELS, NONE), 0)
    mean = variance = 0.0
    spread_known = True
    for source, members in by_source.items():
        times = sum(cell.times for cell in members)
        counted[source[0]] += times
        if source[0] == NONE:
            continue
        group = measured.groups[source]
        mean += times * group.mean
        added = measured.variance(source, [cell.times for cell in members])
        spread_known &= added is not None
        variance += added or 0.0
    variance += measured.between_occasions * mean**2
    return Forecast(
        mean=mean, variance=variance if spread_known and mean else None, times_by_level=counted
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Results of one source: the mean of its problems' means, and how far these lie apart."""

    mean: float
    problems: int
    results: int
    #: Variance between the problems' means; None with one problem.
    between: float | None


class _Measured:
    """Past results by every level, and the spreads that they show."""

    def __init__(self, past: Sequence[Past]) -> None:
        self._past = past
        cells: dict[tuple[str, str], list[float]] = defaultdict(list)
        categories = {}
        for one in past:
            cells[one.problem, one.prompt].append(one.value)
            categories[one.problem] = one.category
        self._means = {cell: float(np.mean(values)) for cell, values in cells.items()}
        self._within = self._relative_variance(cells)
        levels: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
        for problem, prompt in cells:
            levels["problem", problem, prompt].append((problem, prompt))
            levels["category", categories[problem], prompt].append((problem, prompt))
            levels["prompt", prompt].append((problem, prompt))
            levels[("model",)].append((problem, prompt))
        self.groups = {
            source: _group([self._means[cell] for cell in members],
                           sum(len(cells[cell]) for cell in members))
            for source, members in levels.items()
        }  # fmt: skip

    def source(self, cell: Cell) -> tuple[str, ...]:
        """Return the nearest group with results; one problem stands for no category."""
        problem = ("problem", cell.problem, cell.prompt)
        if problem in self.groups:
            return problem
        for wider in (("category", cell.category, cell.prompt), ("prompt", cell.prompt)):
            if wider in self.groups and self.groups[wider].problems >= PROBLEMS_AT_LEAST:
                return wider
        return ("model",) if ("model",) in self.groups else (NONE,)

    def variance(self, source: tuple[str, ...], times: Sequence[int]) -> float | None:
        """Return the variance of the sum over cells of one source; None where none is known."""
        group = self.groups[source]
        if source[0] == "problem":
            if self._within is None:
                return None
            one = self._within * group.mean**2
            total = sum(times)
            return total * one + total**2 * one / group.results
        if group.between is None:
            return None
        one = (self._within or 0.0) * group.mean**2
        between = group.between * _few(group.problems)
        apart = sum(n**2 * between + n * one for n in times)
        return apart + sum(times) ** 2 * between / group.problems

    @cached_property
    def between_occasions(self) -> float:
        """Relative variance between runs and engine starts that the next adds; 0 with one."""
        ratios: dict[int, list[float]] = defaultdict(list)
        for one in self._past:
            if usual := self._means[one.problem, one.prompt]:
                ratios[one.occasion].append(one.value / usual)
        speeds = [float(np.mean(found)) for found in ratios.values()
                  if len(found) >= RESULTS_AT_LEAST]  # fmt: skip
        if len(speeds) < 2:
            return 0.0
        return float(np.var(speeds, ddof=1)) * (1 + 1 / len(speeds)) * _few(len(speeds))

    def _relative_variance(self, cells: Mapping[tuple[str, str], list[float]]) -> float | None:
        """Return the variance over repetitions by the square of the mean, pooled over cells."""
        found = [
            (len(values) - 1, float(np.var(values, ddof=1)) / self._means[cell] ** 2)
            for cell, values in cells.items()
            if len(values) > 1 and self._means[cell] > 0
        ]
        if not found:
            return None
        freedom = sum(weight for weight, _ in found)
        return sum(weight * relative for weight, relative in found) / freedom


@cache
def _few(number: int) -> float:
    """Return the factor of a variance read from few values: Student's t beside a normal."""
    return (t_quantile(0.9, number - 1) / Z90) ** 2


def _group(means: Sequence[float], results: int) -> _Group:
    between = float(np.var(means, ddof=1)) if len(means) > 1 else None
    return _Group(mean=float(np.mean(means)), problems=len(means), results=results, between=between)
