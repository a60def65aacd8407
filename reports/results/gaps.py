"""How far models are apart: paired by problem, with an interval, and how many problems pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from comparison.intervals import MeanEffect
from comparison.metrics import SCALE

Row = Mapping[str, Any]
#: The order of the categories everywhere.
CATEGORIES = ("secondary", "university", "modelling")
#: Stands for all categories together.
ALL = "all"


def gaps(means: Sequence[Row], base: str | None = None) -> list[dict[str, Any]]:
    """Return the gap of every other model to a base, per prompt and category and over all.

    ``means`` has one mean score a (model, prompt, category, problem), the models in their order;
    the base is the first of them unless named. Only problems that both have are compared:
    ``problems`` of ``of``. ``difference`` is in points of 7, ``ci_low`` and ``ci_high`` are
    Student's 95 % interval over problems as far as a difference can go, None with fewer than two.
    """
    models = list(dict.fromkeys(row["model"] for row in means))
    if len(models) < 2:
        return []
    base = models[0] if base is None else base
    others = [model for model in models if model != base]
    prompts = list(dict.fromkeys(row["prompt"] for row in means))
    return [
        gap
        for prompt in prompts
        for model in others
        for gap in _of_models([row for row in means if row["prompt"] == prompt], base, model)
    ]


def _of_models(means: Sequence[Row], base: str, model: str) -> Iterator[dict[str, Any]]:
    known = {row["category"] for row in means}
    categories = [category for category in CATEGORIES if category in known]
    for category in (*categories, ALL) if len(categories) > 1 else categories:
        chosen = [row for row in means if category in (row["category"], ALL)]
        one, other = (
            {row["problem"]: row["score7"] for row in chosen if row["model"] == side}
            for side in (base, model)
        )
        both = sorted(one.keys() & other.keys())
        if not both:
            continue
        effect = MeanEffect.of(np.array([other[name] - one[name] for name in both]))
        interval = effect.interval()
        cut = None if interval is None else interval.within(SCALE)
        yield {
            "a": base,
            "b": model,
            "prompt": chosen[0]["prompt"],
            "category": category,
            "problems": len(both),
            "of": len(one.keys() | other.keys()),
            "difference": effect.estimate,
            "ci_low": None if cut is None else cut.low,
            "ci_high": None if cut is None else cut.high,
        }
