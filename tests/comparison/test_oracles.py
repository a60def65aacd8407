"""Equality with SciPy and statsmodels on seeded data, to the digits that each test states."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

from comparison.intervals import MeanEffect, bootstrap, percentile_log_ratio, raised_level
from comparison.paired import Cell, match, pair
from comparison.power import problems_needed, smallest_effect
from comparison.significance import FLIPS, binomial_p, holm, sign_flip_p, sign_flip_p_values
from comparison.student import detectable_shift, shifted_power, t_cdf, t_quantile

Floats = NDArray[np.float64]
DEGREES = (1, 2, 3, 5, 11, 27, 61, 199, 1_000, 6_666)
SIZES = (12, 28, 62)


def scores(problems: int, seed: int, drop: float = 0.4) -> Floats:
    """Return differences of scores of 7 as problems have them: steps of one third, many at 0."""
    generator = np.random.default_rng(seed)
    return np.round(3 * generator.normal(-drop, 1.2, problems)) / 3


@pytest.mark.parametrize("df", DEGREES)
def test_the_t_quantile_has_11_digits(df: int) -> None:
    for p in (1e-6, 0.001, 0.005, 0.025, 0.2, 0.5, 0.6, 0.8, 0.975, 0.995, 1 - 1e-6):
        assert t_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-11, abs=1e-13)


@pytest.mark.parametrize("df", DEGREES)
def test_the_t_distribution_has_11_digits_even_in_its_tail(df: int) -> None:
    for t in (-60.0, -8.0, -2.5, -0.3, 0.0, 1e-3, 0.7, 3.1):
        assert t_cdf(t, df) == pytest.approx(stats.t.cdf(t, df), rel=1e-11)


def test_a_million_degrees_of_freedom_leave_8_digits() -> None:
    for p in (1e-6, 0.025, 0.2, 0.975):
        assert t_quantile(p, 1_000_000) == pytest.approx(stats.t.ppf(p, 1_000_000), rel=1e-8)


def test_infinite_t_and_quantiles_that_do_not_exist() -> None:
    assert (t_cdf(-math.inf, 5), t_cdf(math.inf, 5)) == (0, 1)
    for p, df in ((0, 5), (1, 5), (0.5, 0), (0.5, -1)):
        with pytest.raises(ValueError, match="no quantile"):
            t_quantile(p, df)


@pytest.mark.parametrize("problems", SIZES)
def test_the_interval_of_a_mean_has_11_digits(problems: int) -> None:
    differences = scores(problems, problems)
    tested = stats.ttest_1samp(differences, 0)
    for level in (0.8, 0.95, 0.99):
        theirs = tested.confidence_interval(level)
        ours = MeanEffect.of(differences).interval(level)

        assert ours is not None
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-11)


@pytest.mark.parametrize("limit", [-0.5, 0.0, 0.2])
def test_the_one_sided_p_value_of_a_mean_has_11_digits(limit: float) -> None:
    differences = scores(28, 3)
    theirs = stats.ttest_1samp(differences, limit, alternative="less").pvalue

    assert MeanEffect.of(differences).p_below(limit) == pytest.approx(theirs, rel=1e-11)


@pytest.mark.parametrize("seed", range(3))
def test_all_signs_of_few_problems_are_tried_as_scipy_does(seed: int) -> None:
    differences = scores(12, seed)
    theirs = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    ).pvalue

    # SciPy counts the 0 of both signs; they change nothing. Both count every assignment: equal.
    assert sign_flip_p(differences) == pytest.approx(min(1.0, theirs), rel=1e-12)


@pytest.mark.parametrize("problems", [28, 62])
def test_random_signs_agree_with_scipy_within_their_noise(problems: int) -> None:
    differences = scores(problems, 5, drop=0.2)
    theirs = stats.permutation_test(
        (differences,),
        np.mean,
        permutation_type="samples",
        n_resamples=100_000,
        rng=np.random.default_rng(1),
    ).pvalue
    noise = 4 * math.sqrt(theirs * (1 - theirs) / FLIPS)

    assert 0.001 < theirs < 0.9
    assert sign_flip_p(differences) == pytest.approx(theirs, abs=noise)


def test_columns_are_tested_as_if_each_stood_alone() -> None:
    columns = np.stack([scores(62, 1), scores(62, 2, drop=0.0), np.zeros(62)], axis=1)
    columns[9:, 1] = np.nan

    together = sign_flip_p_values(columns)

    assert together[0] == sign_flip_p(columns[:, 0])
    assert together[1] == sign_flip_p(columns[:9, 1])
    assert together[2] == 1


def test_the_binomial_test_has_11_digits() -> None:
    for lost, won in itertools.product((0, 1, 2, 5, 17, 300), repeat=2):
        theirs = stats.binomtest(lost, lost + won).pvalue if lost + won else 1.0
        assert binomial_p(lost, won) == pytest.approx(theirs, rel=1e-11)


def test_holm_equals_statsmodels() -> None:
    generator = np.random.default_rng(4)
    for size in (1, 2, 7, 40):
        raw = generator.uniform(0, 0.3, size) ** 2
        raw[: size // 2] = raw[0]  # Ties keep their order.

        theirs = multipletests(raw, method="holm")[1]

        assert holm(list(raw)) == pytest.approx(list(theirs), rel=1e-12)
    assert holm([]) == []


@pytest.mark.parametrize("df", [1, 3, 11, 27, 61, 500])
def test_power_equals_the_noncentral_t_distribution_to_10_digits(df: int) -> None:
    critical = stats.t.ppf(0.975, df)
    for shift in (0.0, 0.5, 1.7, 2.8, 5.0):
        theirs = stats.nct.sf(critical, df, shift) + stats.nct.cdf(-critical, df, shift)
        assert shifted_power(shift, df) == pytest.approx(theirs, abs=1e-10)


@pytest.mark.parametrize("problems", SIZES)
def test_the_smallest_effect_equals_statsmodels_to_6_digits(problems: int) -> None:
    spread = 1.7
    theirs = TTestPower().solve_power(nobs=problems, alpha=0.05, power=0.8) * spread

    assert smallest_effect(spread, problems) == pytest.approx(theirs, rel=1e-6)


def test_the_number_of_problems_equals_statsmodels() -> None:
    for spread, effect in ((1.5, 0.5), (1.5, 0.3), (3.0, 0.25), (0.4, 0.5)):
        theirs = TTestPower().solve_power(effect / spread, alpha=0.05, power=0.8)
        assert problems_needed(spread, effect) == max(2, math.ceil(theirs))


def test_power_agrees_with_simulated_tests_on_our_scores() -> None:
    differences = scores(62, 8, drop=0.0)
    differences -= differences.mean()
    effect = smallest_effect(float(np.std(differences)), 62)
    assert effect is not None
    generator = np.random.default_rng(2)

    simulated = stats.power(
        lambda sample: stats.ttest_1samp(sample, 0, axis=-1).pvalue,
        lambda size: generator.choice(differences, size) + effect,
        n_observations=62,
        n_resamples=10_000,
        vectorized=False,
        significance=0.05,
    ).power

    assert float(np.ravel(simulated)[0]) == pytest.approx(0.8, abs=0.02)


def test_shifts_are_found_for_every_size() -> None:
    for df in (1, 2, 5, 99):
        assert shifted_power(detectable_shift(df), df) == pytest.approx(0.8, abs=1e-8)


@pytest.mark.parametrize("problems", [20, 28, 62])
def test_the_bootstrap_of_a_median_equals_scipy_from_the_same_seed(problems: int) -> None:
    values = np.random.default_rng(problems).lognormal(3, 0.4, problems)

    ours = bootstrap(lambda rows: np.median(values[rows], axis=1), problems, seed=7)
    theirs = stats.bootstrap(
        (values,),
        np.median,
        n_resamples=2000,
        confidence_level=raised_level(0.95, problems),
        method="percentile",
        rng=np.random.default_rng(7),
    ).confidence_interval
    interval = ours.interval()

    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((theirs.low, theirs.high), rel=1e-12)


def test_the_ratio_of_percentiles_equals_scipy_over_problems_with_unequal_repetitions() -> None:
    generator = np.random.default_rng(11)
    problems = 28
    sides = []
    for center in (3.0, 3.1):
        owners = np.repeat(np.arange(problems), generator.integers(1, 6, problems))
        sides.append((generator.lognormal(center, 0.5, len(owners)), owners))

    def statistic(indices: Floats) -> float:
        ends = []
        for values, owners in sides:
            drawn = np.concatenate([values[owners == one] for one in indices.astype(int)])
            ends.append(np.percentile(drawn, 95, method="inverted_cdf"))
        return float(np.log(ends[1] / ends[0]))

    ours = percentile_log_ratio(sides[0], sides[1], problems, resamples=300, seed=5).interval()
    theirs = stats.bootstrap(
        (np.arange(problems),),
        statistic,
        n_resamples=300,
        vectorized=False,
        confidence_level=raised_level(0.95, problems),
        method="percentile",
        rng=np.random.default_rng(5),
    ).confidence_interval

    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-12)


#: What evalstats 0.3.3 says of the scores below, of A - B: `compare(load_from(rows),
#: factors="model")` on rows of model, item, run and score. It refuses fewer than 15 problems.
EVALSTATS = {
    (28, 2): (0.7750000000000001, 0.3984632086568741, 1.1515367913431263),
    (62, 3): (0.8664874551971329, 0.604793509347187, 1.1281814010470788),
}


@pytest.mark.parametrize(("problems", "seed"), EVALSTATS)
def test_the_way_from_results_to_an_interval_equals_evalstats(problems: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    steps = generator.integers(3, 8, (problems, 1))
    level = generator.normal(1.4, 1.7, (problems, 1))
    sides = []
    for shift in (0, 0.7):
        shown = 1 / (1 + np.exp(-(level - shift)))
        sides.append(7 * generator.binomial(np.broadcast_to(steps, (problems, 3)), shown) / steps)
    cells: list[Cell] = [(f"p{n:02}", "plain") for n in range(problems) for _ in range(3)]

    pairs = pair(match(cells, cells), sides[0].ravel(), sides[1].ravel())
    effect = MeanEffect.of(pairs.differences)
    interval = effect.interval()

    assert interval is not None
    found = (-effect.estimate, -interval.high, -interval.low)
    assert found == pytest.approx(EVALSTATS[problems, seed], rel=1e-12)
