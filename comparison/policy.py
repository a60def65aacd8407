"""Policies: how much worse each metric may become, and the verdict on an effect.

The verdict looks at the whole interval: PASS where it lies inside the allowance, BLOCK (or WARN)
where it lies past it, else INCONCLUSIVE.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from comparison.intervals import LEVEL, Effect
from comparison.metrics import METRICS, Better, Metric
from comparison.significance import holm

#: Fewer problems give no verdict: an interval of so few says more about luck than about the sides.
FEWEST_PROBLEMS = 10
DEFAULT_MAX_DROP = 0.5


class PolicyError(ValueError):
    """A policy that cannot be used; the message says what to change."""


class Tier(StrEnum):
    """What a breach of a rule does."""

    #: The comparison fails.
    BLOCK = "block"
    #: It is reported, and the comparison passes.
    WARN = "warn"


class Verdict(StrEnum):
    """What a rule or a comparison comes to."""

    #: Every allowance is kept, for certain.
    PASS = "pass"  # noqa: S105 - no password
    #: A rule that only warns is broken.
    WARN = "warn"
    #: A rule that blocks is broken, for certain.
    BLOCK = "block"
    #: The data allow no verdict.
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How much worse one metric may become."""

    metric: Metric
    #: In the metric's unit, or per cent where ``relative``.
    max_drop: float
    relative: bool = False
    tier: Tier = Tier.BLOCK
    #: A difference below this never breaks the rule; in the unit of the metric's differences.
    least_effect: float = 0.0
    #: None: all problems.
    category: str | None = None

    @property
    def allowance(self) -> str:
        """Say for people how much worse the metric may become."""
        return f"{self.max_drop:g} {'%' if self.relative else self.metric.unit}"

    @property
    def allowed(self) -> float:
        """The allowance on the scale of the effect: logarithms for ratios, 0 for a contrast."""
        if not self.metric.log_ratio:
            return 0.0 if self.relative else self.max_drop
        share = self.max_drop / 100
        return math.log1p(share) if self.metric.better is Better.LOWER else -math.log1p(-share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Rules, and the confidence of their intervals."""

    rules: tuple[Rule, ...]
    level: float = LEVEL
    fewest_problems: int = FEWEST_PROBLEMS

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document."""
        return {
            "confidence": self.level,
            "fewest_problems": self.fewest_problems,
            "rules": [
                {
                    "metric": rule.metric.name,
                    "max_drop": rule.max_drop,
                    "relative": rule.relative,
                    "tier": rule.tier.value,
                    "least_effect": rule.least_effect,
                    "category": rule.category,
                }
                for rule in self.rules
            ],
        }


#: Without a policy: the score may drop by half a point.
DEFAULT = Policy(rules=(Rule(metric=METRICS["score7"], max_drop=DEFAULT_MAX_DROP),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """How many problems, or repetitions of the same problems, would decide a rule.

    With 80 % power, if the difference stays as it is. None where no usable number would.
    """

    problems: int | None
    repetitions: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The verdict on one rule, with its reason."""

    rule: Rule
    verdict: Verdict
    why: str
    #: One-sided p-value of "the allowance is kept".
    p_breach: float = 1.0
    #: What would decide it, where it is inconclusive for want of data.
    needs: Needs | None = None


def judge(gain: Effect, rule: Rule, policy: Policy, *, difference: float) -> Judged:
    """Return the verdict on a gain: an effect whose larger values are better.

    ``difference`` is its size in the unit in which ``least_effect`` is given.
    """
    interval = gain.interval(policy.level)
    if interval is None and gain.problems >= policy.fewest_problems:
        few = f"{gain.problems} problems are too few for an interval of this metric"
        return Judged(rule=rule, verdict=Verdict.INCONCLUSIVE, why=few)
    if interval is None or gain.problems < policy.fewest_problems:
        few = f"{gain.problems} problems are paired, and a verdict takes {policy.fewest_problems}"
        return Judged(rule=rule, verdict=Verdict.INCONCLUSIVE, why=few)
    p_breach = gain.p_below(-rule.allowed)
    kept = f"the whole interval keeps the allowance of {rule.allowance}"
    if interval.low >= -rule.allowed:
        return Judged(rule=rule, verdict=Verdict.PASS, why=kept, p_breach=p_breach)
    if interval.high >= -rule.allowed:
        crossed = f"the interval crosses the allowance of {rule.allowance}"
        return Judged(rule=rule, verdict=Verdict.INCONCLUSIVE, why=crossed, p_breach=p_breach)
    if abs(difference) < rule.least_effect:
        small = f"the difference is below the least effect of {rule.least_effect:g}"
        return Judged(rule=rule, verdict=Verdict.PASS, why=small, p_breach=p_breach)
    broken = Verdict.BLOCK if rule.tier is Tier.BLOCK else Verdict.WARN
    past = f"the whole interval is past the allowance of {rule.allowance}"
    return Judged(rule=rule, verdict=broken, why=past, p_breach=p_breach)


def both_ends(shown: Judged, at_most: Judged) -> Judged:
    """Return the verdict that holds with undetermined steps missing and with them done."""
    p_breach = max(shown.p_breach, at_most.p_breach)
    if shown.verdict is at_most.verdict:
        return replace(shown, p_breach=p_breach)
    why = (
        f"{shown.verdict} counting only the steps that are shown, {at_most.verdict} if every "
        "undetermined step were done"
    )
    return Judged(rule=shown.rule, verdict=Verdict.INCONCLUSIVE, why=why, p_breach=p_breach)


def shared_level(judged: Sequence[Judged], level: float = LEVEL) -> list[Judged]:
    """Hold all rules together to the false alarms that one may have, by Holm."""
    adjusted = holm([one.p_breach for one in judged])
    broken = {Verdict.BLOCK, Verdict.WARN}
    return [
        replace(
            one,
            verdict=Verdict.INCONCLUSIVE,
            why=f"{one.why}, but not for certain: {len(judged)} rules share the level",
        )
        if one.verdict in broken and p > (1 - level) / 2
        else one
        for one, p in zip(judged, adjusted, strict=True)
    ]


def overall(judged: Sequence[Judged]) -> Verdict:
    """Return the verdict of a policy; a rule that warns makes no comparison inconclusive."""
    verdicts = {one.verdict for one in judged if one.rule.tier is Tier.BLOCK}
    if Verdict.BLOCK in verdicts:
        return Verdict.BLOCK
    if Verdict.INCONCLUSIVE in verdicts or not judged:
        return Verdict.INCONCLUSIVE
    return Verdict.WARN if any(one.verdict is Verdict.WARN for one in judged) else Verdict.PASS


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict of several comparisons together."""
    order = (Verdict.BLOCK, Verdict.INCONCLUSIVE, Verdict.WARN, Verdict.PASS)
    return next((one for one in order if one in verdicts), Verdict.INCONCLUSIVE)


def read_policy(text: str) -> Policy:
    """Read a policy from TOML, or raise ``PolicyError`` with what to change."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"not valid TOML: {error}") from error
    return policy_of(document)


def policy_of(document: Mapping[str, Any]) -> Policy:
    """Read a policy from a parsed document, or raise ``PolicyError``."""
    _only(document, {"confidence", "fewest_problems", "rule"}, "the policy")
    tables = document.get("rule", [])
    if not (isinstance(tables, list) and tables and all(isinstance(one, dict) for one in tables)):
        raise PolicyError("a policy needs at least one [[rule]]")
    level = _number(document.get("confidence", LEVEL), "confidence")
    if not 0.5 < level < 1:
        raise PolicyError(f"confidence must lie between 0.5 and 1, not {level:g}")
    fewest = document.get("fewest_problems", FEWEST_PROBLEMS)
    if not (isinstance(fewest, int) and fewest >= 2):
        raise PolicyError(f"fewest_problems must be a whole number from 2, not {fewest!r}")
    return Policy(rules=tuple(map(_rule, tables)), level=level, fewest_problems=fewest)


def _rule(table: Mapping[str, Any]) -> Rule:
    _only(table, {"metric", "max_drop", "tier", "least_effect", "category"}, "a rule")
    name = table.get("metric")
    if name not in METRICS:
        raise PolicyError(f"unknown metric {name!r}; the metrics are {', '.join(METRICS)}")
    metric = METRICS[name]
    if metric.better is Better.NEITHER:
        raise PolicyError(f"{name} has no better direction, so that no drop of it can be limited")
    if "max_drop" not in table:
        raise PolicyError(f'the rule on {name} needs a max_drop, e.g. 0.5 or "10 %"')
    max_drop, relative = _drop(table["max_drop"], name)
    if metric.log_ratio and not relative:
        raise PolicyError(f'{name} is compared as a ratio: give max_drop per cent, e.g. "10 %"')
    if relative and metric.better is Better.HIGHER and max_drop >= 100:
        raise PolicyError(f"max_drop of {name} must be below 100 %")
    tier = table.get("tier", Tier.BLOCK.value)
    if tier not in set(Tier):
        raise PolicyError(f"tier of {name} must be block or warn, not {tier!r}")
    category = table.get("category")
    if category is not None and not isinstance(category, str):
        raise PolicyError(f"category of {name} must be a name, not {category!r}")
    return Rule(
        metric=metric,
        max_drop=max_drop,
        relative=relative,
        tier=Tier(tier),
        least_effect=_number(table.get("least_effect", 0.0), f"least_effect of {name}"),
        category=category,
    )


def _drop(value: object, name: str) -> tuple[float, bool]:
    relative = isinstance(value, str) and value.strip().endswith("%")
    if isinstance(value, str):
        try:
            value = float(value.strip().removesuffix("%"))
        except ValueError:
            raise PolicyError(
                f'max_drop of {name} must be a number or "N %", not {value!r}'
            ) from None
    return _number(value, f"max_drop of {name}"), relative


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise PolicyError(f"{what} must be a number from 0, not {value!r}")
    return float(value)


def _only(table: Mapping[str, Any], keys: set[str], what: str) -> None:
    if unknown := sorted(set(table) - keys):
        known = ", ".join(sorted(keys))
        raise PolicyError(f"{what} has unknown keys {', '.join(unknown)}; the keys are {known}")
