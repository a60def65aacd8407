"""Which metrics of a night are watched, and what an alarm of each does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from comparison.metrics import METRICS, Better, Kind, Metric
from comparison.policy import PolicyError, Tier, policy_of
from orchestrator.errors import UsageFault

#: What a change must reach to matter where the policy does not say: in the unit, or per cent.
LEAST_OF_7 = 0.1
LEAST_POINTS = 2.0
LEAST_PER_CENT = {Kind.TIME: 3.0, Kind.MEMORY: 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedMetric:
    """A metric, and what an alarm of it does."""

    metric: Metric
    tier: Tier
    #: In the unit of differences.
    least_effect: float


def watched_metrics(policy: Mapping[str, Any]) -> dict[str, WatchedMetric]:
    """Return the watched metrics by name: those of the policy, or every one with a direction.

    Raise ``UsageFault`` for a policy that nights cannot be held to.
    """
    if not policy:
        return {
            name: WatchedMetric(metric=metric, tier=Tier.BLOCK, least_effect=_least(metric))
            for name, metric in METRICS.items()
            if _can_be_watched(metric)
        }
    try:
        rules = policy_of(policy).rules
    except PolicyError as error:
        raise UsageFault(f"the policy cannot be used: {error}") from error
    found: dict[str, WatchedMetric] = {}
    for rule in rules:
        name = rule.metric.name
        if rule.category is not None:
            raise UsageFault(
                f"nights are watched over all problems: the rule on {name} must name no category"
            )
        if not _can_be_watched(rule.metric):
            raise UsageFault(f"nights are watched by means over problems: {name} has none")
        least = rule.least_effect or _least(rule.metric)
        found[name] = WatchedMetric(metric=rule.metric, tier=rule.tier, least_effect=least)
    return found


def _can_be_watched(metric: Metric) -> bool:
    return metric.better is not Better.NEITHER and metric.percentile is None


def _least(metric: Metric) -> float:
    if metric.log_ratio:
        return LEAST_PER_CENT.get(metric.kind, max(LEAST_PER_CENT.values()))
    return LEAST_OF_7 if metric.factor == 1 else LEAST_POINTS
