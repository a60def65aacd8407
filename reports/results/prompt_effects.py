"""What a prompt style adds to the score: paired by problem, beside the spread of its wordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np

from comparison.intervals import MeanEffect
from comparison.metrics import SCALE
from problems.prompt_styles import style_of
from reports.results.gaps import ALL, CATEGORIES, Row

#: The style that others are held against where a run has it; the first one otherwise.
PLAIN = "plain"


def base_style(prompts: Iterable[str]) -> str:
    """Return the style that others are held against."""
    styles = list(dict.fromkeys(style_of(prompt) for prompt in prompts))
    return PLAIN if PLAIN in styles or not styles else styles[0]


def prompt_effects(means: Sequence[Row], steps: Sequence[Row] = ()) -> list[dict[str, Any]]:
    """Return the effect of each style but the base, per model and category and over all.

    ``means`` has one mean score a (model, prompt, category, problem), ``steps`` what answers to a
    prompt show of each step beside those to the base. A problem's value is the mean over the
    wordings of a style; only problems that both styles have are compared, ``problems`` of ``of``.
    ``difference`` is in points of 7, ``ci_low`` and ``ci_high`` are Student's 95 % interval over
    problems, ``uplift_pct`` is in per cent of the base's mean. ``wording_spread`` is how far the
    means of its wordings lie apart, in points of 7; None with one wording.
    """
    base = base_style(row["prompt"] for row in means)
    models = dict.fromkeys(row["model"] for row in means)
    styles = dict.fromkeys(style_of(row["prompt"]) for row in means)
    return [
        effect
        for model in models
        for style in styles
        if style != base
        for effect in _effects([row for row in means if row["model"] == model], base, style, steps)
    ]


def _effects(
    means: Sequence[Row], base: str, style: str, steps: Sequence[Row]
) -> Iterator[dict[str, Any]]:
    known = {row["category"] for row in means}
    categories = [category for category in CATEGORIES if category in known]
    for category in (*categories, ALL) if len(categories) > 1 else categories:
        chosen = [row for row in means if category in (row["category"], ALL)]
        one, other = (_of_style(chosen, each) for each in (base, style))
        both = sorted(one.keys() & other.keys())
        if not both:
            continue
        model = chosen[0]["model"]
        effect = MeanEffect.of(np.array([fmean(other[p]) - fmean(one[p]) for p in both]))
        interval = effect.interval()
        cut = None if interval is None else interval.within(SCALE)
        base_mean, mean = (fmean(fmean(each[p]) for p in both) for each in (one, other))
        yield {
            "model": model,
            "base": base,
            "style": style,
            "category": category,
            "problems": len(both),
            "of": len(one.keys() | other.keys()),
            "base_score7": base_mean,
            "score7": mean,
            "difference": effect.estimate,
            "ci_low": None if cut is None else cut.low,
            "ci_high": None if cut is None else cut.high,
            "uplift_pct": 100 * (mean / base_mean - 1) if base_mean else None,
            "wordings": _wordings(chosen, style),
            "wording_spread": _spread(chosen, style),
            "base_wording_spread": _spread(chosen, base),
            **_step_counts(steps, model, style, category),
        }


def _of_style(means: Sequence[Row], style: str) -> dict[str, list[float]]:
    """Return the scores of each problem, one for each wording."""
    found: dict[str, list[float]] = {}
    for row in means:
        if style_of(row["prompt"]) == style:
            found.setdefault(row["problem"], []).append(row["score7"])
    return found


def _wordings(means: Sequence[Row], style: str) -> int:
    return len({row["prompt"] for row in means if style_of(row["prompt"]) == style})


def _spread(means: Sequence[Row], style: str) -> float | None:
    """Return how far wordings lie apart over the problems that all of them have."""
    wordings: dict[str, dict[str, float]] = {}
    for row in means:
        if style_of(row["prompt"]) == style:
            wordings.setdefault(row["prompt"], {})[row["problem"]] = row["score7"]
    shared = set.intersection(*(set(each) for each in wordings.values())) if wordings else set()
    if len(wordings) < 2 or not shared:
        return None
    found = [fmean(each[problem] for problem in shared) for each in wordings.values()]
    return max(found) - min(found)


def _step_counts(steps: Sequence[Row], model: str, style: str, category: str) -> dict[str, int]:
    counts = {"steps": 0, "gained": 0, "lost": 0}
    for row in steps:
        mine = row["model"] == model and style_of(row["prompt"]) == style
        if mine and category in (row["category"], ALL):
            counts["steps"] += row["pairs"]
            counts["gained"] += row["gained"]
            counts["lost"] += row["lost"]
    return counts


def changed_steps(steps: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the steps that a style gains or loses, of all its wordings, largest changes first."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in steps:
        style = style_of(row["prompt"])
        if style == style_of(row["base"]):
            continue
        names = ("model", "category", "problem", "path", "step")
        key = (style, *(row[name] for name in names))
        counts = found.setdefault(
            key,
            {"style": style, "base": row["base"]}
            | {name: row[name] for name in names}
            | {"pairs": 0, "gained": 0, "lost": 0},
        )
        for name in ("pairs", "gained", "lost"):
            counts[name] += row[name]
    changed = (row for row in found.values() if row["gained"] or row["lost"])
    return sorted(changed, key=_by_change)


def _by_change(row: Mapping[str, Any]) -> tuple[float, str, str, str]:
    net = (row["gained"] - row["lost"]) / row["pairs"]
    return (-abs(net), row["model"], row["problem"], row["step"])
