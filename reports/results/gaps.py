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


def gaps(
    means: Sequence[Row], base: str | None = None, *, by: str = "category"
) -> list[dict[str, Any]]:
    """Return the gap of every other model to a base, per prompt and category and over all.

    ``means`` has one mean score a (model, prompt, category, problem), the models in their order;
    the base is the first of them unless named. ``by`` names the column in place of the category; a
    problem may stand in several parts. Only problems that both have are compared: ``problems`` of
    ``of``. ``difference`` is in points of 7, ``ci_low`` and ``ci_high`` are Student's 95 % interval
    over problems as far as a difference can go, None with fewer than two.
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
        for gap in _of_models([row for row in means if row["prompt"] == prompt], base, model, by)
    ]


def gaps_by(
    means: Sequence[Row], by: str, parts: Mapping[str, Sequence[str]], base: str | None = None
) -> list[dict[str, Any]]:
    """Return the gaps by another part of the problem set than its categories.

    ``parts`` has the difficulty or the topics of each problem. By prompt and by problem the gaps
    are over all problems: a single one has no interval.
    """
    of_each = [
        {**row, "part": part}
        for row in means
        for part in (parts.get(row["problem"], ("-",)) if by in ("difficulty", "topic") else (ALL,))
    ]
    return [{"by": by} | gap for gap in gaps(of_each, base, by="part")]


def _of_models(means: Sequence[Row], base: str, model: str, by: str) -> Iterator[dict[str, Any]]:
    known = {row[by] for row in means}
    parts = [part for part in CATEGORIES if part in known] + sorted(known - {*CATEGORIES})
    for part in (*parts, ALL) if len(parts) > 1 else parts:
        chosen = [row for row in means if part in (row[by], ALL)]
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
            by: part,
            "problems": len(both),
            "of": len(one.keys() | other.keys()),
            "difference": effect.estimate,
            "ci_low": None if cut is None else cut.low,
            "ci_high": None if cut is None else cut.high,
        }
