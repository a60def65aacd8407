"""Effects with their uncertainty: Student's t for means, the bootstrap for everything else.

A bootstrap of a mean covers too little at a dozen problems; Student's t on the differences per
problem does not. The bootstrap resamples problems and keeps all results of each.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from comparison.paired import Floats, Integers
from comparison.student import t_cdf, t_quantile

LEVEL = 0.95
RESAMPLES = 2000
#: A bootstrap of fewer problems covers far less than it says: it gives no interval.
FEWEST_RESAMPLED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A confidence interval, both ends included."""

    low: float
    high: float

    def within(self, largest: float | None) -> Interval:
        """Return the part that a difference can take: at most ``largest`` to either side."""
        if largest is None:
            return self
        return Interval(low=max(self.low, -largest), high=min(self.high, largest))


class Effect(Protocol):
    """An estimated effect that can say how sure it is."""

    @property
    def estimate(self) -> float:
        """The effect."""

    @property
    def problems(self) -> int:
        """Number of problems behind it."""

    @property
    def spread(self) -> float:
        """The standard deviation of one problem's contribution."""

    def negated(self) -> Effect:
        """Return the effect with its direction reversed."""

    def interval(self, level: float = LEVEL) -> Interval | None:
        """Return its confidence interval; None where the data have none."""

    def p_below(self, limit: float) -> float:
        """Return the one-sided p-value of "the effect is at least ``limit``"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanEffect:
    """A mean over problems. With one problem it has no interval."""

    estimate: float
    standard_error: float
    problems: int

    @classmethod
    def of(cls, differences: Floats) -> MeanEffect:
        """Estimate the mean of one value per problem."""
        n = len(differences)
        spread = float(np.std(differences, ddof=1)) if n > 1 else math.nan
        estimate = float(np.mean(differences)) if n else math.nan
        return cls(estimate=estimate, standard_error=spread / math.sqrt(max(n, 1)), problems=n)

    @property
    def spread(self) -> float:
        """The standard deviation over the problems."""
        return self.standard_error * math.sqrt(self.problems)

    def negated(self) -> MeanEffect:
        """Return the effect with its direction reversed."""
        return replace(self, estimate=-self.estimate)

    def interval(self, level: float = LEVEL) -> Interval | None:
        """Return Student's interval."""
        if self.problems < 2:
            return None
        half = t_quantile((1 + level) / 2, self.problems - 1) * self.standard_error
        return Interval(low=self.estimate - half, high=self.estimate + half)

    def p_below(self, limit: float) -> float:
        """Return the one-sided p-value of "the mean is at least ``limit``"."""
        if self.problems < 2:
            return 1.0
        distance = self.estimate - limit
        if self.standard_error == 0:
            return 0.0 if distance < 0 else 1.0
        return t_cdf(distance / self.standard_error, self.problems - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapEffect:
    """A statistic with its values on resampled problems."""

    estimate: float
    replicates: Floats
    problems: int

    @property
    def spread(self) -> float:
        """The standard deviation of the replicates, as of one problem."""
        return float(np.std(self.replicates)) * math.sqrt(self.problems)

    def negated(self) -> BootstrapEffect:
        """Return the effect with its direction reversed."""
        return replace(self, estimate=-self.estimate, replicates=-self.replicates)

    def interval(self, level: float = LEVEL) -> Interval | None:
        """Return the percentile interval, at a level raised for few problems."""
        if self.problems < FEWEST_RESAMPLED:
            return None
        tail = (1 - raised_level(level, self.problems)) / 2
        low, high = np.quantile(self.replicates, [tail, 1 - tail])
        return Interval(low=float(low), high=float(high))

    def p_below(self, limit: float) -> float:
        """Return the share of replicates that do not lie below ``limit``, never 0."""
        if self.problems < FEWEST_RESAMPLED:
            return 1.0
        return (1 + int((self.replicates >= limit).sum())) / (1 + len(self.replicates))

    def p_value(self) -> float:
        """Return the two-sided p-value of "the effect is 0"."""
        if self.problems < FEWEST_RESAMPLED:
            return 1.0
        tails = min(int((self.replicates >= 0).sum()), int((self.replicates <= 0).sum()))
        return min(1.0, 2 * (1 + tails) / (1 + len(self.replicates)))


def raised_level(level: float, problems: int) -> float:
    """Return the level at which a percentile interval of few problems covers about ``level``.

    A bootstrap's spread has the divisor n and the normal quantile; Student's interval has n - 1 and
    t (Hesterberg 2015, the expanded percentile interval).
    """
    t = t_quantile((1 + level) / 2, problems - 1) * math.sqrt(problems / (problems - 1))
    return math.erf(t / math.sqrt(2))


def resampled(problems: int, *, resamples: int = RESAMPLES, seed: int = 0) -> Integers:
    """Return indices of problems drawn with replacement, a row per resample."""
    generator = np.random.default_rng(seed)
    return generator.integers(0, problems, (resamples, problems))


def bootstrap(
    statistic: Callable[[Integers], Floats],
    problems: int,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> BootstrapEffect:
    """Bootstrap over problems a statistic of rows of problem indices, for all rows at once."""
    (estimate,) = statistic(np.arange(problems)[None, :])
    replicates = statistic(resampled(problems, resamples=resamples, seed=seed))
    return BootstrapEffect(estimate=float(estimate), replicates=replicates, problems=problems)


def percentile_log_ratio(
    a: tuple[Floats, Integers],
    b: tuple[Floats, Integers],
    problems: int,
    *,
    share: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> BootstrapEffect:
    """Bootstrap the log ratio B / A of a percentile over results.

    A side has its values and, for each, the index of its problem. The percentile is the smallest
    value at or below which ``share`` of the results lie.
    """
    side_a, side_b = _Percentile(*a, share), _Percentile(*b, share)

    def statistic(rows: Integers) -> Floats:
        parts = [part for part in np.array_split(rows, 1 + len(rows) // 200) if len(part)]
        counts = (_counted(part, problems) for part in parts)
        return np.concatenate([side_b.of(one) - side_a.of(one) for one in counts])

    return bootstrap(statistic, problems, resamples=resamples, seed=seed)


def _counted(rows: Integers, problems: int) -> Integers:
    """Return how often each row of indices holds each problem."""
    flat = (rows + problems * np.arange(len(rows))[:, None]).ravel()
    return np.bincount(flat, minlength=problems * len(rows)).reshape(len(rows), problems)


class _Percentile:
    """Log percentiles of results whose problems are drawn a number of times."""

    def __init__(self, values: Floats, owners: Integers, share: float) -> None:
        order = np.argsort(-values, kind="stable")
        self._logs, self._owners, self._share = np.log(values[order]), owners[order], share
        self._sizes = np.bincount(owners)
        #: A percentile stands among the largest values; few resamples reach further down.
        self._depth = min(len(values), 50 + int(3 * (1 - share) * len(values)))

    def of(self, counts: Integers) -> Floats:
        """Return the log percentile for each row of counts of problems; all results drawn."""
        totals = counts[:, : len(self._sizes)] @ self._sizes
        from_the_top = totals - np.ceil(self._share * totals - 1e-9).astype(np.int64) + 1
        heights = np.cumsum(counts[:, self._owners[: self._depth]], axis=1)
        if (heights[:, -1] < from_the_top).any():
            heights = np.cumsum(counts[:, self._owners], axis=1)
        return np.asarray(self._logs[(heights < from_the_top[:, None]).sum(axis=1)])
