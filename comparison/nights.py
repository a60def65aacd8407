"""Nights against a frozen reference: a rule for jumps, a rule for drifts. Pure.

A night is compared problem by problem: the mean over its problems of its distance from the mean of
the reference nights. The reference stays as it was pinned; a rolling one would follow a slow change
and learn from bad nights.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

import numpy as np

from comparison.metrics import Better, Metric
from comparison.student import t_cdf, t_quantile

#: The least nights of a reference; fewer say too little of how nights vary.
FEWEST_NIGHTS = 10
#: One-sided level of the prediction limit, which two nights in a row must pass.
LIMIT_LEVEL = 0.01
#: What a night may be worse than the reference without adding to the drift, in standard
#: deviations.
DRIFT_ALLOWANCE = 1.0
#: The sum at which one metric alone has drifted, in standard deviations.
DRIFT_LIMIT = 4.0
#: What one night adds to the drift at most, before the allowance: no single night is a drift.
FARTHEST = DRIFT_LIMIT

_NORMAL = NormalDist()


class Course(StrEnum):
    """What a metric did, up to and including a night."""

    #: Within what the reference nights do.
    QUIET = "quiet"
    #: Past the limit for the first time; the next night decides.
    SUSPECT = "suspect"
    #: Past the limit for two nights in a row.
    JUMP = "jump"
    #: A little worse for too many nights.
    DRIFT = "drift"

    @property
    def alarms(self) -> bool:
        """Whether a person should hear of it."""
        return self in {Course.JUMP, Course.DRIFT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One metric on the frozen nights; logarithms where the metric is compared as a ratio."""

    metric: Metric
    #: Mean over the nights, per problem.
    problems: Mapping[str, float]
    #: Per night: mean over the problems of its distance from those means.
    distances: tuple[float, ...]

    @property
    def level(self) -> float:
        """The mean over the problems."""
        return math.fsum(self.problems.values()) / len(self.problems)

    @property
    def spread(self) -> float:
        """The standard deviation of the nights."""
        return float(np.std(self.distances, ddof=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """How far one night lies from the reference."""

    #: Mean over the problems; above 0 where the night has the larger values.
    mean: float
    #: Of one night: from how the distances differ between its problems.
    standard_error: float
    #: Problems that both have.
    problems: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NightFinding:
    """What the rules say of one metric on one night."""

    metric: Metric
    course: Course
    distance: Distance
    #: Distance in standard deviations of a night, positive where it is worse.
    z: float
    #: The limit of ``z`` for a jump.
    z_limit: float
    #: The sum of the drift rule and its limit, in standard deviations.
    drift: float
    drift_limit: float
    #: Nights in a row, this one included, with an alarm.
    nights: int

    @property
    def difference(self) -> float:
        """How much larger the night's value is: per cent of a ratio, else in the unit."""
        return difference_of(self.metric, self.distance.mean)


def difference_of(metric: Metric, distance: float) -> float:
    """Return a distance as people read it: per cent of a ratio, else in the unit."""
    return 100 * math.expm1(distance) if metric.log_ratio else distance


def make_reference(
    metric: Metric, nights: Sequence[Mapping[str, float]], *, fewest: int = FEWEST_NIGHTS
) -> Reference | None:
    """Freeze nights, each a value per problem; None where they do not suffice.

    The problems that every night has count.
    """
    if len(nights) < fewest:
        return None
    common = sorted(set.intersection(*(set(night) for night in nights)))
    if not common:
        return None
    values = np.array([[night[problem] for problem in common] for night in nights])
    means = values.mean(axis=0)
    return Reference(
        metric=metric,
        problems=dict(zip(common, means.tolist(), strict=True)),
        distances=tuple((values - means).mean(axis=1).tolist()),
    )


def distance_from(reference: Reference, night: Mapping[str, float]) -> Distance | None:
    """Return how far a night lies from the reference; None without a problem in common."""
    common = [problem for problem in reference.problems if problem in night]
    if not common:
        return None
    each = np.array([night[problem] - reference.problems[problem] for problem in common])
    nights = len(reference.distances)
    spread = float(np.std(each, ddof=1)) if len(each) > 1 else 0.0
    # The reference's own error is in the distances, and the rule counts it once.
    error = spread / math.sqrt(len(each)) / math.sqrt(1 + 1 / nights)
    return Distance(mean=float(each.mean()), standard_error=error, problems=len(common))


def drift_limit(series: int) -> float:
    """Return the limit of the drift rule where ``series`` metrics are watched together.

    The rate of false alarms falls by the factor exp(2 k h): a limit that grows by ln(series) / 2k
    keeps the rate of all together near that of one.
    """
    return DRIFT_LIMIT + math.log(max(series, 1)) / (2 * DRIFT_ALLOWANCE)


def find(
    reference: Reference,
    distances: Sequence[Distance],
    *,
    series: int = 1,
    least_effect: float = 0.0,
) -> list[NightFinding]:
    """Return what the rules say of each of these nights, in the order of their slots.

    All were compared with ``reference``. ``series`` counts the metrics watched together;
    ``least_effect``, in the unit of differences, is what a change must reach to matter.
    """
    nights = len(reference.distances)
    z_limit = t_quantile(1 - LIMIT_LEVEL, nights - 1)
    limit = drift_limit(series)
    drift, run, before, alarms = 0.0, list[float](), False, 0
    found = []
    for distance in distances:
        z = standardised(reference, distance)
        past = z > z_limit and _worse(reference, distance.mean) >= least_effect
        drift, run = _add(drift, run, z=z, mean=distance.mean, nights=nights, limit=limit)
        drifted = drift > limit and _worse(reference, math.fsum(run) / len(run)) >= least_effect
        course = _course(past=past, before=before, drifted=drifted)
        alarms = alarms + 1 if course.alarms else 0
        before = past
        found.append(
            NightFinding(
                metric=reference.metric,
                course=course,
                distance=distance,
                z=z,
                z_limit=z_limit,
                drift=drift,
                drift_limit=limit,
                nights=alarms,
            )
        )
    return found


def standardised(reference: Reference, distance: Distance) -> float:
    """Return the distance in standard deviations of a night, positive where it is worse.

    The spread is that of the reference nights, never below the night's own standard error: nights
    without sampling hardly vary, and the first answer that flips would be an alarm.
    """
    nights = len(reference.distances)
    spread = max(reference.spread, distance.standard_error) * math.sqrt(1 + 1 / nights)
    worse = -distance.mean if reference.metric.better is Better.HIGHER else distance.mean
    if abs(worse) < 1e-12:
        return 0.0
    return worse / spread if spread > abs(worse) / 99 else math.copysign(99.0, worse)


def _worse(reference: Reference, mean: float) -> float:
    """Return by how much a distance is worse, in the unit of differences."""
    difference = difference_of(reference.metric, mean)
    return -difference if reference.metric.better is Better.HIGHER else difference


def _add(
    drift: float, run: list[float], *, z: float, mean: float, nights: int, limit: float
) -> tuple[float, list[float]]:
    """Add a night to the drift, on the scale of a normal distribution.

    Student's tails are longer than the sum allows for. It never exceeds the limit by more than the
    allowance, so that an alarm ends soon after its cause.
    """
    tail = t_cdf(-abs(z), nights - 1)
    normal = min(FARTHEST, -_NORMAL.inv_cdf(tail)) if tail > 1e-300 else FARTHEST
    summed = drift + math.copysign(normal, z) - DRIFT_ALLOWANCE
    summed = max(0.0, min(summed, limit + DRIFT_ALLOWANCE))
    return summed, [*run, mean] if summed > 0 else []


def _course(*, past: bool, before: bool, drifted: bool) -> Course:
    if past and before:
        return Course.JUMP
    if drifted:
        return Course.DRIFT
    return Course.SUSPECT if past else Course.QUIET


def value_of(metric: Metric, values: Iterable[float]) -> float:
    """Return the mean as people read it: of ratios the geometric mean, in the unit."""
    listed = list(values)
    mean = math.fsum(listed) / len(listed)
    return math.exp(mean) if metric.log_ratio else mean
