"""Compare two sides: every metric overall and by category, flips, and the policy's verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from comparison.comparable import Refusal, reasons_for
from comparison.flips import Flips, find_flips
from comparison.intervals import (
    BootstrapEffect,
    Effect,
    Interval,
    MeanEffect,
    percentile_log_ratio,
)
from comparison.metrics import METRICS, Better, Metric
from comparison.paired import Cell, Floats, Integers, Matching, Pairs, match, pair, settled
from comparison.policy import (
    DEFAULT,
    Judged,
    Needs,
    Policy,
    Rule,
    Verdict,
    both_ends,
    judge,
    overall,
    shared_level,
)
from comparison.power import problems_needed, repetitions_factor, smallest_effect
from comparison.significance import holm, sign_flip_p_values

#: Resamples of a percentile.
RESAMPLES = 1000
SAME = "A and B are the same results: there is no difference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The results of one side."""

    #: Problem and prompt of each result.
    cells: Sequence[Cell]
    #: Column: a value per result, NaN where there is none.
    values: Mapping[str, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One metric, over all problems or those of a category."""

    metric: Metric
    category: str | None
    #: Problems with the metric on both sides.
    problems: int
    #: In the metric's unit; geometric means for ratios.
    a: float | None = None
    b: float | None = None
    #: B - A in ``metric.difference_unit``, as are the next two.
    difference: float | None = None
    interval: Interval | None = None
    #: What this comparison finds with 80 % power.
    smallest_effect: float | None = None
    p_raw: float | None = None
    #: Adjusted by Holm over the metrics.
    p_value: float | None = None
    #: Why it is not compared; empty where it is.
    refused: tuple[str, ...] = ()

    def word(self, level: float) -> str | None:
        """Return better, worse, more, less, or "no difference": none that this comparison shows."""
        if self.p_value is None or self.difference is None:
            return None
        if self.p_value > 1 - level or self.difference == 0:
            return "no difference"
        if self.metric.better is Better.NEITHER:
            return "more" if self.difference > 0 else "less"
        return (
            "better" if (self.difference > 0) is (self.metric.better is Better.HIGHER) else "worse"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What comparing two sides found."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    judged: tuple[Judged, ...]
    flips: Flips
    refused: tuple[Refusal, ...]
    #: Metrics that must not be compared were compared all the same.
    forced: bool
    #: Both sides are the same results.
    same: bool
    problems: int
    unpaired_a: int
    unpaired_b: int
    policy: Policy


def compare(
    a: Side,
    b: Side,
    *,
    categories: Mapping[str, str],
    policy: Policy = DEFAULT,
    refused: Sequence[Refusal] = (),
    force: bool = False,
    same: bool = False,
    seed: int = 0,
) -> Comparison:
    """Compare B with A.

    ``categories`` maps problems to categories. Metrics that ``refused`` touches are not compared
    unless ``force`` is given; a rule on one of them is inconclusive.
    """
    work = _Work(a, b, categories, seed)
    allowed = {
        name: [] if force else reasons_for(metric.kind, refused) for name, metric in METRICS.items()
    }
    findings = work.findings(allowed)
    if same:
        judged = [Judged(rule=rule, verdict=Verdict.PASS, why=SAME) for rule in policy.rules]
    else:
        judged = shared_level(
            [work.rule(rule, policy, allowed) for rule in policy.rules], policy.level
        )
    return Comparison(
        verdict=overall(judged),
        findings=tuple(findings),
        judged=tuple(judged),
        flips=find_flips(
            work.matching,
            work.matched_cells,
            a.values["answer_correct"],
            b.values["answer_correct"],
        ),
        refused=tuple(refused),
        forced=force and bool(refused),
        same=same,
        problems=len(work.matching.problems),
        unpaired_a=work.matching.unpaired_a,
        unpaired_b=work.matching.unpaired_b,
        policy=policy,
    )


class _Work:
    """Two matched sides, with the pairs of every metric made once."""

    def __init__(self, a: Side, b: Side, categories: Mapping[str, str], seed: int) -> None:
        self._a, self._b, self._seed = a, b, seed
        self.matching: Matching = match(a.cells, b.cells)
        self.matched_cells = sorted(set(a.cells) & set(b.cells))
        self._category = np.array(
            [categories.get(problem, "") for problem in self.matching.problems], dtype=object
        )
        self.categories = [name for name in dict.fromkeys(categories.values()) if name]
        self._pairs: dict[tuple[str, bool], Pairs] = {}

    def findings(self, refused: Mapping[str, Sequence[str]]) -> list[Finding]:
        """Return the findings overall, then by category."""
        made: list[tuple[Finding, Pairs]] = []
        out: list[Finding] = []
        for category in (None, *self.categories):
            for name, metric in METRICS.items():
                pairs = self._of(metric, category)
                if not len(pairs.rows) or (category is not None and metric.percentile is not None):
                    continue
                if refused[name]:
                    out.append(
                        Finding(
                            metric=metric,
                            category=category,
                            problems=len(pairs.rows),
                            refused=tuple(refused[name]),
                        )
                    )
                    continue
                made.append((self._finding(metric, category, pairs), pairs))
        found = self._with_p_values(made)
        for family in (
            [one for one in found if one.category is None],
            [one for one in found if one.category is not None],
        ):
            adjusted = holm([one.p_raw or 0.0 for one in family])
            out += [replace(one, p_value=p) for one, p in zip(family, adjusted, strict=True)]
        return sorted(out, key=self._order)

    def rule(self, rule: Rule, policy: Policy, refused: Mapping[str, Sequence[str]]) -> Judged:
        """Return the verdict on one rule, at both ends where steps are undetermined."""
        if reasons := refused[rule.metric.name]:
            why = f"not comparable: {'; '.join(reasons)}"
            return Judged(rule=rule, verdict=Verdict.INCONCLUSIVE, why=why)
        shown = self._judge(rule.metric, rule, policy)
        for metric in METRICS.values():
            if metric.bounds == rule.metric.name:
                return both_ends(shown, self._judge(metric, rule, policy))
        return shown

    def _order(self, finding: Finding) -> tuple[int, int]:
        place = -1 if finding.category is None else self.categories.index(finding.category)
        return place, list(METRICS).index(finding.metric.name)

    def _of(self, metric: Metric, category: str | None, *, log: bool | None = None) -> Pairs:
        log = metric.log_ratio if log is None else log
        key = (metric.column, log)
        if key not in self._pairs:
            values = (side.values[metric.column] * metric.factor for side in (self._a, self._b))
            self._pairs[key] = pair(self.matching, *values, log=log)
        pairs = self._pairs[key]
        return pairs if category is None else pairs.of(self._category[pairs.rows] == category)

    def _effect(self, metric: Metric, pairs: Pairs) -> Effect:
        """Return the effect B - A, of logarithms where the metric is compared as a ratio."""
        if metric.percentile is None:
            return MeanEffect.of(pairs.differences)
        place = self._place(pairs)
        return percentile_log_ratio(
            self._rows(self._a.values[metric.column], self.matching.codes_a, place),
            self._rows(self._b.values[metric.column], self.matching.codes_b, place),
            len(pairs.rows),
            share=metric.percentile,
            resamples=RESAMPLES,
            seed=self._seed,
        )

    def _place(self, pairs: Pairs) -> Integers:
        """Return the place of each problem among those of the pairs, -1 for the others."""
        place = np.full(len(self.matching.problems), -1)
        place[pairs.rows] = np.arange(len(pairs.rows))
        return place

    def _rows(self, values: Floats, codes: Integers, place: Integers) -> tuple[Floats, Integers]:
        """Return the usable values of a side, with the place of each one's problem."""
        kept = (codes >= 0) & (np.nan_to_num(values) > 0)
        owners = place[self.matching.problem_of[codes[kept]]]
        return values[kept][owners >= 0], owners[owners >= 0]

    def _finding(self, metric: Metric, category: str | None, pairs: Pairs) -> Finding:
        effect = self._effect(metric, pairs)
        interval = effect.interval()
        a, b = float(pairs.a.mean()), float(pairs.b.mean())
        sees = smallest_effect(effect.spread, effect.problems)
        p_raw = effect.p_value() if isinstance(effect, BootstrapEffect) else None
        made = Finding(
            metric=metric,
            category=category,
            problems=len(pairs.rows),
            a=math.exp(a) if metric.log_ratio else a,
            b=math.exp(b) if metric.log_ratio else b,
            difference=_shown(metric, effect.estimate),
            interval=interval
            and Interval(
                low=_shown(metric, interval.low), high=_shown(metric, interval.high)
            ).within(metric.largest),
            smallest_effect=None if sees is None else _shown(metric, sees),
            p_raw=p_raw,
        )
        if metric.percentile is None:
            return made
        sides = ((self._a, self.matching.codes_a), (self._b, self.matching.codes_b))
        place = self._place(pairs)
        ends = [
            float(
                np.percentile(
                    self._rows(side.values[metric.column], codes, place)[0],
                    100 * metric.percentile,
                    method="inverted_cdf",
                )
            )
            for side, codes in sides
        ]
        return replace(made, a=ends[0], b=ends[1])

    def _with_p_values(self, made: Sequence[tuple[Finding, Pairs]]) -> list[Finding]:
        """Add the sign-flip p-values of the means, all from one set of random signs."""
        open_ones = [place for place, (finding, _) in enumerate(made) if finding.p_raw is None]
        columns = np.zeros((len(self.matching.problems), len(open_ones)))
        for column, place in enumerate(open_ones):
            pairs = made[place][1]
            columns[pairs.rows, column] = pairs.differences
        found = [finding for finding, _ in made]
        for place, p in zip(open_ones, sign_flip_p_values(columns, seed=self._seed), strict=True):
            found[place] = replace(found[place], p_raw=float(p))
        return found

    def _judge(self, metric: Metric, rule: Rule, policy: Policy) -> Judged:
        relative_mean = rule.relative and not metric.log_ratio
        pairs = self._of(metric, rule.category)
        if not len(pairs.rows):
            why = f"no problem has {metric.name} on both sides"
            return Judged(rule=rule, verdict=Verdict.INCONCLUSIVE, why=why)
        effect = self._effect(metric, pairs)
        difference = _shown(metric, effect.estimate)
        if relative_mean:
            kept = 1 + (-1 if metric.better is Better.HIGHER else 1) * rule.max_drop / 100
            effect = MeanEffect.of(settled(pairs.b - kept * pairs.a, pairs.b))
        gain = effect if metric.better is Better.HIGHER else effect.negated()
        judged = judge(gain, rule, policy, difference=difference)
        if judged.verdict is not Verdict.INCONCLUSIVE or gain.problems < 2:
            return judged
        return replace(judged, needs=_needs(gain, rule, policy, pairs))


def _needs(gain: Effect, rule: Rule, policy: Policy, pairs: Pairs) -> Needs:
    """Return what would decide a rule if the effect stays as it is."""
    gap, alpha = abs(gain.estimate + rule.allowed), 1 - policy.level
    problems = problems_needed(gain.spread, gap, alpha=alpha)
    factor = (
        repetitions_factor(gain.spread, pairs.within, gain.problems, gap, alpha=alpha)
        if gain.problems >= policy.fewest_problems
        else None
    )
    return Needs(
        problems=None if problems is None else max(problems, policy.fewest_problems),
        repetitions=None if factor is None else math.ceil(factor * pairs.repetitions - 1e-9),
    )


def _shown(metric: Metric, effect: float) -> float:
    """Return an effect in the unit of the metric's differences."""
    return 100 * math.expm1(effect) if metric.log_ratio else effect
