"""The document of ``compare``: verdicts, metrics, rules and flips, ready for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from comparison.flips import Flip
from comparison.policy import Verdict, worst
from db.results.comparison import (
    Row,
)
from orchestrator.comparison.compare import Compared


def overall_verdict(compared: Iterable[Compared]) -> Verdict:
    """Return the verdict of all comparisons together: the worst."""
    return worst([one.comparison.verdict for one in compared])


def document(compared: Sequence[Compared], answers: Mapping[int, Row] | None) -> dict[str, Any]:
    """Return the JSON contract of ``compare``; texts of the flips where ``answers`` are given."""
    refused = [(one, refusal) for one in compared for refusal in one.comparison.refused]
    listed = [
        f"{refusal.condition}: {refusal.reason} "
        f"({', '.join(sorted(kind.value for kind in refusal.kinds))})"
        for _, refusal in refused
    ]
    return {
        "verdict": overall_verdict(compared).value,
        "forced": any(one.comparison.forced for one in compared),
        "comparable": not refused,
        "why_not": list(dict.fromkeys(listed)),
        "comparisons": [_head(one) for one in compared],
        "metrics": [row for one in compared for row in _metrics(one)],
        "rules": [row for one in compared for row in _rules(one)],
        "flips": [
            _flip(one, flip, answers) for one in compared for flip in one.comparison.flips.flips
        ],
    }


def _head(one: Compared) -> dict[str, Any]:
    found = one.comparison
    return {
        "a": one.a.to_dict(),
        "b": one.b.to_dict(),
        "verdict": found.verdict.value,
        "forced": found.forced,
        "same_results": found.same,
        "problems": found.problems,
        "unpaired": {"a": found.unpaired_a, "b": found.unpaired_b},
        "refusals": [refusal.to_dict() for refusal in found.refused],
        "answers_fell": found.flips.fell,
        "answers_rose": found.flips.rose,
        "flips_p_value": found.flips.p_value,
        "tries": [
            {**row, "run_id": str(row["run_id"]), "compared_at": row["compared_at"].isoformat()}
            for row in one.tries
        ],
    }


def _metrics(one: Compared) -> list[dict[str, Any]]:
    level = one.comparison.policy.level
    verdicts: dict[tuple[str, str | None], Verdict] = {}
    for judged in one.comparison.judged:
        place = (judged.rule.metric.name, judged.rule.category)
        verdicts[place] = worst([judged.verdict, verdicts.get(place, judged.verdict)])
    return [
        {
            "metric": found.metric.name,
            "category": found.category,
            "model_a": one.a.model,
            "model_b": one.b.model,
            "n": found.problems,
            "a": found.a,
            "b": found.b,
            "unit": found.metric.unit,
            "difference": found.difference,
            "difference_unit": found.metric.difference_unit,
            "ci_low": found.interval and found.interval.low,
            "ci_high": found.interval and found.interval.high,
            "p_value": found.p_value,
            "p_unadjusted": found.p_raw,
            "smallest_effect": found.smallest_effect,
            "better": found.metric.better.value,
            "finding": found.word(level),
            "verdict": verdicts.get((found.metric.name, found.category)),
            "refused": list(found.refused),
        }
        for found in one.comparison.findings
    ]


def _rules(one: Compared) -> list[dict[str, Any]]:
    return [
        {
            "metric": judged.rule.metric.name,
            "category": judged.rule.category,
            "model_a": one.a.model,
            "model_b": one.b.model,
            "max_drop": judged.rule.max_drop,
            "unit": "%" if judged.rule.relative else judged.rule.metric.unit,
            "tier": judged.rule.tier.value,
            "least_effect": judged.rule.least_effect,
            "verdict": judged.verdict.value,
            "why": judged.why,
            "problems_needed": judged.needs and judged.needs.problems,
            "repetitions_needed": judged.needs and judged.needs.repetitions,
        }
        for judged in one.comparison.judged
    ]


def _flip(one: Compared, flip: Flip, answers: Mapping[int, Row] | None) -> dict[str, Any]:
    job_a, job_b = one.jobs_a[flip.example_a], one.jobs_b[flip.example_b]
    sides = {
        "a": {"job": job_a, "right": flip.right_a, "of": flip.decided_a},
        "b": {"job": job_b, "right": flip.right_b, "of": flip.decided_b},
    }
    for side in sides.values():
        if answers is not None and (answer := answers.get(side["job"])):
            side |= {
                "text": answer["output"],
                "repetition": answer["repetition"],
                "score7": answer["score7"],
            }
    return {
        "problem": flip.cell[0],
        "prompt": flip.cell[1] or None,
        "category": one.categories[flip.cell[0]],
        "model_a": one.a.model,
        "model_b": one.b.model,
        "change": "lost" if flip.lost else "won",
        **sides,
    }
