"""How sure the mean scores are: Student's intervals over problems, from the room ``comparison``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from comparison.intervals import MeanEffect

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
