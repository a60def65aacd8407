"""How sure the mean scores are: Student's intervals over problems, from the room ``comparison``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from comparison.intervals import Interval, MeanEffect

Row = Mapping[str, Any]


def category_intervals(problem_scores: Iterable[Row]) -> list[dict[str, Any]]:
    """Return the 95 % interval of each mean over the problems of a category.

    A category with one problem has none. The ends stay within the scale, from 0 to 7.
    """
    values: dict[tuple[str, str, str], list[float]] = {}
    for row in problem_scores:
        key = (row["model"], row["prompt"], row["category"])
        values.setdefault(key, []).append(row["score7"])
    found = []
    for (model, prompt, category), scores in values.items():
        interval = MeanEffect.of(np.array(scores)).interval()
        if interval is not None:
            ends = {"ci_low": max(0.0, interval.low), "ci_high": min(7.0, interval.high)}
            found.append({"model": model, "prompt": prompt, "category": category, **ends})
    return found


def model_gaps(problem_scores: Iterable[Row], models: Sequence[str]) -> list[dict[str, Any]]:
    """Return, for each prompt, how much more each later model shows than the first.

    The difference is taken problem by problem; problems that one of the two lacks are left out.
    """
    scores: dict[str, dict[str, dict[str, float]]] = {}
    for row in problem_scores:
        by_model = scores.setdefault(row["prompt"], {})
        by_model.setdefault(row["model"], {})[row["problem"]] = row["score7"]
    return [
        _gap(prompt, models[0], model, by_model)
        for prompt, by_model in sorted(scores.items())
        for model in models[1:]
        if model in by_model and by_model.get(models[0], {}).keys() & by_model[model].keys()
    ]


def _gap(
    prompt: str, first: str, model: str, by_model: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    one, other = by_model[first], by_model[model]
    shared = sorted(one.keys() & other.keys())
    effect = MeanEffect.of(np.array([other[name] - one[name] for name in shared]))
    interval = effect.interval()
    return {
        "a": first,
        "b": model,
        "prompt": prompt,
        "problems": len(shared),
        "of": len(one.keys() | other.keys()),
        "difference": effect.estimate,
        **_ends(interval),
    }


def _ends(interval: Interval | None) -> dict[str, float | None]:
    return {
        "ci_low": None if interval is None else interval.low,
        "ci_high": None if interval is None else interval.high,
    }
