"""Compare one night with a baseline, or learn from it. Nothing is read or written here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from comparison.comparable import Conditions, reasons_for, refusals
from comparison.metrics import METRICS, Metric
from comparison.nights import (
    Distance,
    NightFinding,
    Reference,
    distance_from,
    find,
    value_of,
)
from comparison.policy import Tier
from core.states import NightState
from db.nights.baselines import FrozenMetric, PinnedBaseline
from db.nights.nightly import Outcome, PastDistance, SeriesKey
from db.nights.values import NightValues
from orchestrator.nights.metrics import WatchedMetric

#: A bound of the score has a z below this where an alarm of the other bound is in doubt.
DOUBT_Z = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenNights:
    """A baseline as the rules read it."""

    baseline: PinnedBaseline
    references: Mapping[SeriesKey, Reference]

    @classmethod
    def of(cls, baseline: PinnedBaseline, metrics: Sequence[FrozenMetric]) -> FrozenNights:
        """Read what was frozen; metrics that this version does not know are left out."""
        references = {
            (one.model, one.prompt, one.metric): Reference(
                metric=METRICS[one.metric],
                problems=one.problems,
                distances=tuple(one.distances),
            )
            for one in metrics
            if one.metric in METRICS
        }
        return cls(baseline=baseline, references=references)


def learn(night: Mapping[str, NightValues], watched: Mapping[str, WatchedMetric]) -> Outcome:
    """Return the outcome of a night without a baseline: values, and no alarm."""
    rows = [_row(key, METRICS[key[2]], values) for key, values in series_of(night, watched)]
    reason = "no baseline is pinned yet: the night is learned from, and nothing alarms"
    return Outcome(state=NightState.LEARNING, reason=reason, done=True, metrics=rows)


def compare_night(
    night: Mapping[str, NightValues],
    frozen: FrozenNights,
    history: Mapping[SeriesKey, Sequence[PastDistance]],
    watched: Mapping[str, WatchedMetric],
) -> Outcome:
    """Return what the rules say of a night; ``history`` is that of earlier nights, oldest first."""
    values = dict(series_of(night, watched))
    expected = [key for key in frozen.references if key[2] in watched]
    refused = {
        model: refusals(conditions_of(model, frozen.baseline.conditions[model]), made)
        for model, made in (
            (model, conditions_of(model, one.conditions)) for model, one in night.items()
        )
        if model in frozen.baseline.conditions
    }
    rows: dict[SeriesKey, dict[str, Any]] = {}
    found: dict[SeriesKey, NightFinding] = {}
    for key, each in values.items():
        reference = frozen.references.get(key)
        if reference is None:
            rows[key] = _row(key, METRICS[key[2]], each) | {"refused": "the baseline has none"}
            continue
        why = reasons_for(reference.metric.kind, refused.get(key[0], ()))
        distance = distance_from(reference, each)
        if why or distance is None:
            said = "; ".join(why) or "no problem in common with the baseline"
            rows[key] = _row(key, reference.metric, each) | {"refused": said}
            continue
        past = [_distance(one) for one in history.get(key, ())]
        least = watched[key[2]].least_effect
        finding = find(reference, [*past, distance], series=len(expected), least_effect=least)[-1]
        found[key] = finding
        rows[key] = _compared(key, reference, finding, each)
    for key, finding in found.items():
        rows[key]["tier"] = _tier(key, finding, found, watched).value
    missing = [key for key in expected if key not in values]
    return _outcome(frozen, rows, missing)


def conditions_of(model: str, stored: Mapping[str, Any]) -> Conditions:
    """Read stored conditions as the comparison does."""
    settings = ("spec", "mode", "language", "sampling", "scorer")
    return Conditions(
        model=model,
        **{name: frozenset(stored[name]) for name in settings},
        config={key: frozenset(values) for key, values in stored["config"].items()},
        environment={key: frozenset(values) for key, values in stored["environment"].items()},
        problems={key: frozenset(values) for key, values in stored["problems"].items()},
        prompts={
            (problem, prompt): frozenset(values)
            for prompt, problems in stored["prompts"].items()
            for problem, values in problems.items()
        },
    )


def series_of(
    night: Mapping[str, NightValues], watched: Mapping[str, WatchedMetric]
) -> Iterator[tuple[SeriesKey, Mapping[str, float]]]:
    """Yield every watched series of a night with its values, in the unit or as logarithms."""
    for model, one in night.items():
        for prompt, columns in one.values.items():
            for name, metric in ((name, found.metric) for name, found in watched.items()):
                factor = 1.0 if metric.log_ratio else metric.factor
                if each := columns.get(metric.column):
                    scaled = {problem: factor * value for problem, value in each.items()}
                    yield (model, prompt, name), scaled


def _row(key: SeriesKey, metric: Metric, values: Mapping[str, float]) -> dict[str, Any]:
    model, prompt, name = key
    return {
        "model": model,
        "prompt": prompt,
        "metric": name,
        "unit": metric.unit,
        "value": value_of(metric, values.values()),
        "problems": len(values),
    }


def _compared(
    key: SeriesKey, reference: Reference, finding: NightFinding, values: Mapping[str, float]
) -> dict[str, Any]:
    common = {name: values[name] for name in reference.problems if name in values}
    known = [reference.problems[name] for name in common]
    return _row(key, reference.metric, common) | {
        "reference": value_of(reference.metric, known),
        "distance": finding.distance.mean,
        "standard_error": finding.distance.standard_error,
        "difference": finding.difference,
        "z": finding.z,
        "z_limit": finding.z_limit,
        "drift": finding.drift,
        "drift_limit": finding.drift_limit,
        "course": finding.course.value,
    }


def _tier(
    key: SeriesKey,
    finding: NightFinding,
    found: Mapping[SeriesKey, NightFinding],
    watched: Mapping[str, WatchedMetric],
) -> Tier:
    """Return what an alarm does; one that undetermined steps may explain only warns."""
    tier = watched[key[2]].tier
    model, prompt, name = key
    others = [
        other.name
        for other in METRICS.values()
        if other.bounds == name or other.name == finding.metric.bounds
    ]
    bounds = [found[model, prompt, other] for other in others if (model, prompt, other) in found]
    return Tier.WARN if any(bound.z < DOUBT_Z for bound in bounds) else tier


def _distance(past: PastDistance) -> Distance:
    return Distance(mean=past.distance, standard_error=past.standard_error, problems=past.problems)


def _outcome(
    frozen: FrozenNights, rows: Mapping[SeriesKey, Mapping[str, Any]], missing: Sequence[SeriesKey]
) -> Outcome:
    baseline = frozen.baseline
    alarms = [row for row in rows.values() if row.get("course") in {"jump", "drift"}]
    suspects = [row for row in rows.values() if row.get("course") == "suspect"]
    refused = [row for row in rows.values() if row.get("refused")]
    unseen = ", ".join(sorted({f"{model} {name}" for model, _, name in missing}))

    def outcome(state: NightState, reason: str) -> Outcome:
        said = f"{reason}; without a value tonight: {unseen}" if unseen else reason
        return Outcome(
            state=state,
            reason=said,
            done=True,
            baseline_id=baseline.baseline_id,
            metrics=list(rows.values()),
        )

    if any(row["tier"] == Tier.BLOCK.value for row in alarms):
        return outcome(NightState.REGRESSED, _listed(alarms))
    if alarms:
        return outcome(NightState.WARNED, _listed(alarms))
    if refused or unseen:
        reasons = sorted({f"{row['model']}: {row['refused']}" for row in refused})
        return outcome(NightState.INCOMPARABLE, "; ".join(reasons[:3]) or "metrics are missing")
    if suspects:
        return outcome(NightState.SUSPECT, _listed(suspects))
    return outcome(NightState.QUIET, "")


def _listed(rows: Sequence[Mapping[str, Any]]) -> str:
    worst = sorted(rows, key=lambda row: -row["z"])
    named = [f"{row['model']} {row['prompt']} {row['metric']} {row['course']}" for row in worst]
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    return ", ".join(named[:3]) + more
