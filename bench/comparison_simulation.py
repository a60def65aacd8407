"""Simulated comparisons: scores as ours are, two models, a known difference between them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from comparison.intervals import Effect, MeanEffect, percentile_log_ratio
from comparison.metrics import METRICS
from comparison.paired import Cell, match, pair
from comparison.policy import DEFAULT, Rule, Verdict, judge, shared_level
from comparison.significance import sign_flip_p_values

Floats = NDArray[np.float64]

SIZES = (12, 28, 62)
#: Percentiles have no interval for fewer problems.
PERCENTILE_SIZES = (20, 28, 62)
DROPS = (0.0, 0.3, 0.5, 0.75, 1.0, 1.5)
REPETITIONS = 3
RUNS = 4000
#: Answers that repeat themselves to the token limit and show nothing.
COLLAPSED = 0.07
#: Ability less difficulty of a problem, on the scale of log odds per step: the median answer shows
#: four steps of five, and a sixth of the problems is at the ceiling.
MEAN, SPREAD, BETWEEN_MODELS = 1.4, 1.7, 0.6
_POPULATION = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What comparisons of one size and one true drop came to, as shares of the runs."""

    problems: int
    drop: float
    #: Mean standard error, in points of 7.
    standard_error: float
    #: Share of intervals that hold the true difference.
    coverage: float
    #: Two-sided at 5 %: an interval without 0, and the sign-flip test.
    interval_finds: float
    test_finds: float
    passed: float
    blocked: float
    inconclusive: float


def shift_of(drop: float) -> float:
    """Return the shift in log odds that lowers the mean score by ``drop`` points of 7."""
    generator = np.random.default_rng(0)
    level = generator.normal(MEAN, SPREAD, _POPULATION)
    own = generator.normal(0, BETWEEN_MODELS, _POPULATION)

    def dropped(shift: float) -> float:
        change = _share(level) - _share(level + own - shift)
        return float(7 * (1 - COLLAPSED) * change.mean())

    low, high = -5.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if dropped(middle) < drop else (low, middle)
    return low


def scores(
    generator: np.random.Generator, problems: int, shift: float, runs: int
) -> tuple[Floats, Floats]:
    """Return scores of A and B, each runs x problems x repetitions."""
    steps = generator.integers(3, 8, (runs, problems, 1))
    level = generator.normal(MEAN, SPREAD, (runs, problems, 1))
    own = generator.normal(0, BETWEEN_MODELS, (runs, problems, 1))
    sides = []
    for ability in (level, level + own - shift):
        shape = (runs, problems, REPETITIONS)
        shown = generator.binomial(np.broadcast_to(steps, shape), _share(ability))
        shown[generator.random(shape) < COLLAPSED] = 0
        sides.append(7 * shown / steps)
    return sides[0], sides[1]


def simulate(problems: int, drop: float, *, runs: int = RUNS, seed: int = 1) -> Simulated:
    """Compare many pairs of simulated runs with the product's own functions."""
    generator = np.random.default_rng([seed, problems, round(1000 * drop)])
    a, b = scores(generator, problems, shift_of(drop), runs)
    cells: list[Cell] = [(f"p{n}", "plain") for n in range(problems) for _ in range(REPETITIONS)]
    matching = match(cells, cells)
    held = without_zero = 0
    errors = np.zeros(runs)
    verdicts: Counter[Verdict] = Counter()
    differences = np.zeros((problems, runs))
    (rule,) = DEFAULT.rules
    for run in range(runs):
        pairs = pair(matching, a[run].ravel(), b[run].ravel())
        effect = MeanEffect.of(pairs.differences)
        interval = effect.interval()
        assert interval is not None
        held += interval.low <= -drop <= interval.high
        without_zero += not interval.low <= 0 <= interval.high
        judged = shared_level([judge(effect, rule, DEFAULT, difference=effect.estimate)])
        verdicts[judged[0].verdict] += 1
        errors[run] = effect.standard_error
        differences[:, run] = pairs.differences
    found = (sign_flip_p_values(differences) <= 0.05).mean()
    return Simulated(
        problems=problems,
        drop=drop,
        standard_error=float(errors.mean()),
        coverage=held / runs,
        interval_finds=without_zero / runs,
        test_finds=float(found),
        passed=verdicts[Verdict.PASS] / runs,
        blocked=verdicts[Verdict.BLOCK] / runs,
        inconclusive=verdicts[Verdict.INCONCLUSIVE] / runs,
    )


def several_rules_block(problems: int, rules: int, *, runs: int = RUNS, seed: int = 2) -> float:
    """Return how often a policy of independent rules, each exactly at its allowance, blocks."""
    generator = np.random.default_rng([seed, problems, rules])
    rule = Rule(metric=METRICS["score7"], max_drop=0.5)
    shift = shift_of(rule.max_drop)
    blocked = 0
    for _ in range(runs):
        a, b = scores(generator, problems, shift, rules)
        effects: list[Effect] = [MeanEffect.of(one) for one in b.mean(axis=2) - a.mean(axis=2)]
        judged = shared_level([judge(one, rule, DEFAULT, difference=-1) for one in effects])
        blocked += any(one.verdict is Verdict.BLOCK for one in judged)
    return blocked / runs


def percentile_coverage(problems: int, *, runs: int = 500, seed: int = 3) -> float:
    """Return how often the interval of a ratio of 95th percentiles holds the truth, which is 1."""
    generator = np.random.default_rng([seed, problems])
    owners = np.repeat(np.arange(problems), REPETITIONS)
    held = 0
    for run in range(runs):
        sides = _times(generator, problems, owners), _times(generator, problems, owners)
        effect = percentile_log_ratio(
            (sides[0], owners), (sides[1], owners), problems, resamples=500, seed=run
        )
        interval = effect.interval()
        assert interval is not None
        held += interval.low <= 0 <= interval.high
    return held / runs


def table(runs: int = RUNS) -> Iterator[Simulated]:
    """Yield every size and drop."""
    for problems in SIZES:
        for drop in DROPS:
            yield simulate(problems, drop, runs=runs)


def _share(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _times(generator: np.random.Generator, problems: int, owners: NDArray[np.int64]) -> Floats:
    """Return times of answers: problems differ, and answers to one problem differ less."""
    level = generator.normal(math.log(2), 0.4, problems)
    return np.asarray(np.exp(level[owners] + generator.normal(0, 0.2, len(owners))))
