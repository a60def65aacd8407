"""Choose among candidates by weighted criteria, and say how far the data carry the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from comparison.intervals import Interval, raised_level, resampled
from comparison.metrics import Better
from comparison.paired import Floats
from comparison.policy import FEWEST_PROBLEMS

#: Steps of a weight that are tried in search of another answer.
STEPS = 100
#: Factor on the chosen one's cost up to which another answer is searched for.
DEAREST = 10.0
RESAMPLES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """What a candidate is valued by."""

    name: str
    label: str
    better: Better
    digits: int
    #: Over problems and repetitions, as in the tables of results: one slow request decides nothing.
    median: bool = False

    def over(self, values: Floats, axis: int | None = None) -> Floats:
        """Return the average over the problems of an axis."""
        average = np.median if self.median else np.mean
        return np.asarray(average(values, axis=axis))


CRITERIA = {
    one.name: one
    for one in (
        Criterion(name="score7", label="score of 7", better=Better.HIGHER, digits=2),
        Criterion(name="steady", label="steady problems %", better=Better.HIGHER, digits=0),
        Criterion(name="e2e_s", label="E2E s", better=Better.LOWER, digits=2, median=True),
        Criterion(name="ttft_ms", label="TTFT ms", better=Better.LOWER, digits=1, median=True),
        Criterion(name="cost", label="cost of 1,000 answers", better=Better.LOWER, digits=2),
        Criterion(name="joules", label="J an answer", better=Better.LOWER, digits=0),
        Criterion(name="need_mib", label="need MiB", better=Better.LOWER, digits=0),
        Criterion(name="instances", label="engines on one GPU", better=Better.HIGHER, digits=0),
    )
}
#: Weights by priority; a criterion that no candidate has gives its weight to the others.
PRIORITIES: Mapping[str, Mapping[str, float]] = {
    "steady-cheap": {"steady": 0.4, "cost": 0.4, "score7": 0.2},
    "rigorous": {"score7": 1.0},
    "fastest": {"e2e_s": 0.7, "ttft_ms": 0.3},
    "most-per-gpu": {"instances": 0.7, "need_mib": 0.3},
}
#: Criteria that the name of a priority promises: without one of them it has no answer.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "steady-cheap": ("steady", "cost"),
    "fastest": ("e2e_s",),
}
#: Utilities that are no further apart are the same.
SAME_UTILITY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One candidate with its values: a row per problem, the same problems for all candidates."""

    name: str
    #: Criterion: a value per problem.
    values: Mapping[str, Floats]

    def average(self, criterion: str) -> float:
        """Return its value of a criterion over all problems, a median for times."""
        return float(CRITERIA[criterion].over(self.values[criterion]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """How far another candidate is behind the chosen one."""

    name: str
    utility: float
    #: Of the lead, a difference of utilities; None for fewer than ``FEWEST_PROBLEMS`` problems.
    interval: Interval | None

    @property
    def behind(self) -> bool:
        """Whether this run shows that it is behind."""
        return self.interval is not None and self.interval.low > 0

    def ties(self, best: float) -> bool:
        """Return whether it is as good as the chosen one, whose utility is given."""
        return best - self.utility <= SAME_UTILITY


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A weight with which another candidate would be chosen."""

    criterion: str
    weight: float
    instead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dearer:
    """How many times as much the chosen one would have to cost for another answer."""

    factor: float
    instead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The candidate for one set of weights."""

    weights: Mapping[str, float]
    #: Criteria with a weight for which a candidate has no value.
    left_out: tuple[str, ...]
    chosen: str | None
    utility: float
    #: Best first.
    rivals: tuple[Rival, ...]
    #: The nearest weights that change the answer.
    changes: tuple[Change, ...]
    #: None where cost has no weight, or no price up to ``DEAREST`` times changes the answer.
    dearer: Dearer | None = None

    @property
    def certain(self) -> bool:
        """Whether this run shows that every rival is behind."""
        return self.chosen is not None and all(rival.behind for rival in self.rivals)

    @property
    def tied(self) -> tuple[str, ...]:
        """Return the rivals that are as good as the chosen one."""
        return tuple(rival.name for rival in self.rivals if rival.ties(self.utility))


def known_criteria(candidates: Sequence[Candidate]) -> list[str]:
    """Return the criteria for which every candidate has values."""
    return [
        name
        for name in CRITERIA
        if candidates
        and all(
            name in one.values and bool(np.isfinite(one.values[name]).all()) for one in candidates
        )
    ]


def choose(
    candidates: Sequence[Candidate],
    weights: Mapping[str, float],
    *,
    needed: Sequence[str] = (),
    seed: int = 0,
) -> Choice:
    """Choose the candidate of the highest utility, the first of several.

    The utility of a criterion is the ratio to the best candidate's value, from 0 to 1; weights sum
    to 1. A criterion that a candidate lacks gives its weight to the others, unless it is
    ``needed``: then none is chosen. The lead is bootstrapped over problems.
    """
    known = known_criteria(candidates)
    left_out = tuple(name for name in weights if weights[name] > 0 and name not in known)
    kept = _normal({name: weights.get(name, 0.0) for name in known})
    if not kept or not candidates or any(name not in known for name in needed):
        return Choice(
            weights={}, left_out=left_out, chosen=None, utility=0.0, rivals=(), changes=()
        )
    problems = len(next(iter(candidates[0].values.values())))
    (utilities,) = _utilities(candidates, kept, np.arange(problems)[None, :])
    order = np.argsort(-utilities, kind="stable")
    best = int(order[0])
    drawn = _utilities(candidates, kept, resampled(problems, resamples=RESAMPLES, seed=seed))
    rivals = tuple(
        Rival(
            name=candidates[other].name,
            utility=float(utilities[other]),
            interval=_interval(drawn[:, best] - drawn[:, other], problems),
        )
        for other in order[1:]
    )
    return Choice(
        weights=kept,
        left_out=left_out,
        chosen=candidates[best].name,
        utility=float(utilities[best]),
        rivals=rivals,
        changes=tuple(_changes(candidates, kept, best)),
        dearer=_dearer(candidates, kept, best),
    )


def dominated(candidates: Sequence[Candidate], criteria: Sequence[str]) -> dict[str, list[str]]:
    """Return for each candidate the ones that are as good in everything and better in something.

    A candidate without any is on the Pareto front.
    """
    gains = {
        one.name: [
            one.average(name) * (1 if CRITERIA[name].better is Better.HIGHER else -1)
            for name in criteria
        ]
        for one in candidates
    }
    return {
        name: [
            other
            for other, theirs in gains.items()
            if all(t >= o for t, o in zip(theirs, own, strict=True))
            and any(t > o for t, o in zip(theirs, own, strict=True))
        ]
        for name, own in gains.items()
    }


def _normal(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items() if weight > 0} if total else {}


def _utilities(
    candidates: Sequence[Candidate], weights: Mapping[str, float], rows: np.ndarray
) -> Floats:
    """Return the utility of each candidate for each row of problem indices."""
    total = np.zeros((len(rows), len(candidates)))
    for name, weight in weights.items():
        over = CRITERIA[name].over
        means = np.stack([over(one.values[name][rows], axis=1) for one in candidates], axis=1)
        if CRITERIA[name].better is Better.HIGHER:
            best = means.max(axis=1, keepdims=True)
            ratio = np.divide(means, best, out=np.ones_like(means), where=best > 0)
        else:
            best = means.min(axis=1, keepdims=True)
            ratio = np.divide(best, means, out=np.ones_like(means), where=means > 0)
        total += weight * ratio
    return total


def _interval(leads: Floats, problems: int) -> Interval | None:
    if problems < FEWEST_PROBLEMS:
        return None
    tail = (1 - raised_level(0.95, problems)) / 2
    low, high = np.quantile(leads, [tail, 1 - tail])
    return Interval(low=float(low), high=float(high))


def _changes(
    candidates: Sequence[Candidate], weights: Mapping[str, float], best: int
) -> list[Change]:
    """Return for each criterion the nearest weight with another answer, the others scaled."""
    found = []
    rows = np.arange(len(next(iter(candidates[0].values.values()))))[None, :]
    for name in known_criteria(candidates):
        now = weights.get(name, 0.0)
        others = _normal({one: weight for one, weight in weights.items() if one != name})
        for weight in sorted((n / STEPS for n in range(STEPS + 1)), key=lambda w: abs(w - now)):
            if weight < 1 and not others:
                continue
            tried = {one: share * (1 - weight) for one, share in others.items()} | {name: weight}
            (utilities,) = _utilities(candidates, tried, rows)
            instead = int(np.argmax(utilities))
            if utilities[instead] > utilities[best] + SAME_UTILITY:
                named = candidates[instead].name
                found.append(Change(criterion=name, weight=weight, instead=named))
                break
    return found


def _dearer(
    candidates: Sequence[Candidate], weights: Mapping[str, float], best: int
) -> Dearer | None:
    """Return the price of the chosen candidate at which another is chosen, within 1 %."""
    if "cost" not in weights:
        return None
    rows = np.arange(len(candidates[best].values["cost"]))[None, :]
    factor = 1.0
    while factor < DEAREST:
        factor *= 1.01
        costly = {**candidates[best].values, "cost": candidates[best].values["cost"] * factor}
        tried = list(candidates)
        tried[best] = Candidate(name=candidates[best].name, values=costly)
        (utilities,) = _utilities(tried, weights, rows)
        instead = int(np.argmax(utilities))
        if utilities[instead] > utilities[best] + SAME_UTILITY:
            return Dearer(factor=factor, instead=candidates[instead].name)
    return None
