"""The rules for nights on series whose answers are worked out by hand or by SciPy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from bench.nights import World, first_alarm, gaussian_month
from comparison.metrics import METRICS
from comparison.nights import (
    DRIFT_LIMIT,
    Course,
    Distance,
    NightFinding,
    Reference,
    distance_from,
    drift_limit,
    find,
    make_reference,
    standardised,
    value_of,
)

SCORE, TTFT = METRICS["score7"], METRICS["ttft_ms"]
#: Ten nights around 0 with a standard deviation of exactly 1.
STEADY = tuple(math.sqrt(9 / 10) * sign for sign in (1, -1) * 5)
QUIET, SUSPECT, JUMP, DRIFT = Course.QUIET, Course.SUSPECT, Course.JUMP, Course.DRIFT


def reference(**changes: object) -> Reference:
    given: dict[str, object] = {"metric": SCORE, "problems": {"p": 5.0}, "distances": STEADY}
    return Reference(**given | changes)  # type: ignore[arg-type]


def night(mean: float, error: float = 0.0) -> Distance:
    return Distance(mean=mean, standard_error=error, problems=62)


def courses(means: Sequence[float], **settings: float) -> list[Course]:
    found = find(reference(), [night(mean) for mean in means], **settings)  # type: ignore[arg-type]
    return [one.course for one in found]


def test_the_limit_is_students_prediction_limit() -> None:
    (one,) = find(reference(), [night(-1.0)])

    assert one.z_limit == pytest.approx(stats.t.ppf(0.99, df=9), abs=1e-9)
    assert one.z == pytest.approx(1 / math.sqrt(1.1))


def test_a_jump_takes_two_nights_in_a_row_and_ends_with_its_cause() -> None:
    assert courses([0, -3.2, 0, -3.2, -3.2, -3.2, 0]) == [
        *(QUIET, SUSPECT, QUIET, SUSPECT, JUMP, JUMP, QUIET)
    ]


def test_one_night_alone_never_alarms_however_far_it_lies() -> None:
    assert courses([0, -90, 0, 0, -90, 0]) == [QUIET, SUSPECT, QUIET, QUIET, SUSPECT, QUIET]


def test_better_nights_never_alarm() -> None:
    assert set(courses([9.0] * 20)) == {QUIET}


def test_a_drift_adds_up_what_no_single_night_shows() -> None:
    found = courses([-2.2] * 9)

    assert (found[0], found[-1]) == (QUIET, DRIFT)
    first = found.index(DRIFT)
    assert set(found[first:]) == {DRIFT}
    assert courses([-2.2] * 9 + [0.5, 0.5])[-1] is QUIET, "it ends soon after its cause"


def test_the_sum_is_on_the_scale_of_a_normal_distribution() -> None:
    one, two = find(reference(), [night(-2.2), night(-2.2)])
    normal = float(stats.norm.isf(stats.t.sf(2.2 / math.sqrt(1.1), df=9)))

    assert one.drift == pytest.approx(normal - 1, abs=1e-9)
    assert two.drift == pytest.approx(2 * (normal - 1), abs=1e-9)


def test_the_limit_of_the_drift_grows_with_what_is_watched_together() -> None:
    assert drift_limit(1) == DRIFT_LIMIT
    assert drift_limit(12) == pytest.approx(DRIFT_LIMIT + math.log(12) / 2)


def test_a_change_below_the_least_effect_never_alarms() -> None:
    assert set(courses([-5.0] * 10, least_effect=5.5)) == {QUIET}
    assert courses([-5.0] * 2, least_effect=4.5) == [SUSPECT, JUMP]


def test_the_nights_own_error_is_the_least_spread() -> None:
    """Ten greedy nights alike: the first answer that flips does not alarm."""
    alike = make_reference(SCORE, [{f"p{n}": 7.0 for n in range(62)}] * 10)
    assert alike is not None
    assert alike.spread == 0
    flipped = distance_from(alike, {f"p{n}": 0.0 if n == 0 else 7.0 for n in range(62)})
    fallen = distance_from(alike, {f"p{n}": 6.0 - n % 2 / 100 for n in range(62)})
    assert flipped is not None
    assert fallen is not None

    assert [one.course for one in find(alike, [flipped] * 2)] == [QUIET, QUIET]
    assert [one.course for one in find(alike, [fallen] * 2)] == [SUSPECT, JUMP]


def test_nights_that_all_problems_share_alike_have_a_finite_z() -> None:
    alike = reference(distances=(0.0,) * 10)

    assert standardised(alike, night(0.0)) == 0
    assert standardised(alike, night(-0.1)) == 99


def test_times_are_compared_as_ratios_and_more_is_worse() -> None:
    nights = [{"a": math.log(100 + n % 2), "b": math.log(200 + n % 2)} for n in range(10)]
    frozen = make_reference(TTFT, nights)
    assert frozen is not None
    slower = distance_from(frozen, {"a": math.log(150), "b": math.log(300)})
    assert slower is not None
    (one,) = find(frozen, [slower])

    assert one.difference == pytest.approx(49.4, abs=0.2)
    assert one.z > 0
    assert value_of(TTFT, [math.log(100), math.log(400)]) == pytest.approx(200)


def test_problems_that_a_night_lacks_are_left_out_on_both_sides() -> None:
    frozen = make_reference(
        SCORE, [{"a": 1.0, "b": 7.0, "c": float(n)} for n in range(9)] + [{"a": 1.0, "b": 7.0}]
    )
    assert frozen is not None
    assert sorted(frozen.problems) == ["a", "b"]
    found = distance_from(frozen, {"b": 7.0})
    assert found is not None
    assert (found.mean, found.problems) == (0, 1)
    assert distance_from(frozen, {"z": 1.0}) is None


def test_fewer_than_ten_nights_are_no_reference() -> None:
    assert make_reference(SCORE, [{"a": 1.0}] * 9) is None
    assert make_reference(SCORE, [{"a": 1.0}] * 9 + [{"b": 1.0}]) is None


def test_any_series_gives_finite_numbers() -> None:
    draw = np.random.default_rng(3)
    for size in (0.0, 1e-12, 0.1, 5.0, 1e6):
        for _ in range(40):
            means = size * draw.standard_cauchy(int(draw.integers(1, 40)))
            frozen = reference(distances=tuple(draw.normal(size=10) * draw.integers(0, 3)))
            found = find(frozen, [night(float(mean), 0.1 * (mean > 0)) for mean in means])

            assert len(found) == len(means)
            for one in found:
                assert math.isfinite(one.z)
                assert 0 <= one.drift <= one.drift_limit + 1


def test_clean_months_seldom_alarm_and_a_step_of_five_is_found() -> None:
    """The page has 1,000 months; these are enough to notice a broken rule."""
    draw = np.random.default_rng(5)

    def alarms(world: World, months: int) -> list[int | None]:
        found: list[list[NightFinding]] = [gaussian_month(draw, world, 12) for _ in range(months)]
        return [first_alarm(one) for one in found]

    clean = alarms(World(name="clean"), 600)
    stepped = alarms(World(name="step", step=5.0), 100)
    assert sum(first is not None for first in clean) <= 3, "of 600, about 0.4 are expected"
    assert sum(first is not None and first <= 2 for first in stepped) >= 80
