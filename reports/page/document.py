"""The document of a report: everything that the page shows, as JSON."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from comparison.metrics import METRICS
from db.results.breakdown import LINE
from db.results.report import ReportRows
from reports.page.answers import answer_documents
from reports.page.intervals import category_intervals
from reports.page.left_out import left_out
from reports.page.problems import problem_documents
from reports.page.summary import summary
from reports.results.breakdown import RESERVATION, explain
from reports.results.guess import GUESS

Row = Mapping[str, Any]

#: Steps that the table of the weakest steps shows for each model.
WEAKEST_AT_MOST = 8


def report_document(
    rows: ReportRows,
    *,
    state: str,
    written_at: dt.datetime,
    comparison: Row | None = None,
    recommendation: Row | None = None,
) -> dict[str, Any]:
    """Return the document of a run's page; ``state`` is that of the run, the time is UTC.

    ``comparison`` and ``recommendation`` are the documents of ``evalctl compare`` and ``evalctl
    recommend``.
    """
    results = rows.results.to_dict()
    assert rows.results.breakdown is not None
    answers = answer_documents(rows.answers, rows.verdicts, rows.second_readings)
    problems = problem_documents(rows.problems, rows.head["language"])
    return {
        "run": {**rows.head, "state": state, "written_at": written_at},
        "summary": summary(
            models=rows.models,
            overall=rows.overall,
            resources=results["resources"],
            answers=rows.counts["answers"],
            comparison=comparison,
            recommendation=recommendation,
        ),
        "models": rows.models,
        "overall": rows.overall,
        "scores": results["scores"],
        "intervals": category_intervals(rows.problem_scores),
        "comparison": comparison,
        "recommendation": recommendation,
        "metric_names": {metric.name: metric.label for metric in METRICS.values()},
        "nights": rows.nights,
        "resources": results["resources"],
        "prompts": results["prompts"],
        "prompt_steps": rows.prompt_steps,
        "limits": _limits(results, rows.head["name"]),
        "ladder": rows.ladder,
        "distributions": rows.distributions,
        "memory": _memory(explain(results, rows.results.breakdown)["resources"]),
        "reservation": RESERVATION,
        "guess": GUESS,
        "traces": _traces(rows),
        "weakest": weakest(rows.steps_shown, problems),
        "never_shown": never_shown(rows.steps_shown, problems),
        "left_out": left_out(rows, answers),
        "problems": problems,
        "answers": answers,
    }


def weakest(steps: Sequence[Row], problems: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the steps that each model shows least, necessary ones alone, the weakest first."""
    taken: Counter[str] = Counter()
    found = []
    for step, known in _necessary(steps, problems):
        if step["done"] < step["answers"] and taken[step["model"]] < WEAKEST_AT_MOST:
            taken[step["model"]] += 1
            found.append({**step, "describe": known["describe"]})
    return found


def never_shown(steps: Sequence[Row], problems: Mapping[str, Any]) -> Counter[str]:
    """Return how many necessary steps none of a model's answers shows, by model."""
    return Counter(step["model"] for step, _ in _necessary(steps, problems) if not step["done"])


def _necessary(steps: Sequence[Row], problems: Mapping[str, Any]) -> Iterator[tuple[Row, Row]]:
    """Yield each necessary step that the page knows, with what it knows of it."""
    for step in steps:
        path = problems.get(step["problem"], {}).get("paths", {}).get(step["path"], {})
        known = path.get(step["step"])
        if known is not None and known["necessary"]:
            yield step, known


def _limits(results: Mapping[str, Sequence[Row]], run: str) -> list[dict[str, Any]]:
    """Return the thresholds of the run, and those of other runs that its models have."""
    own = [{**row, "run": run, "own": True} for row in results["concurrency"]]
    return own + [dict(row) for row in results["limits"] if not (own and row["own"])]


def _memory(lines: Sequence[Row]) -> list[dict[str, Any]]:
    """Return, for each line of the resources, the terms of its need beside those of its peak."""
    kept = ("need_mib", "nvml_peak_mib", "host_peak_mib", "example")
    return [{key: line[key] for key in (*LINE, *kept)} for line in lines]


def _traces(rows: ReportRows) -> list[dict[str, Any]]:
    """Return a trace for each result that stands for a line, with its name."""
    assert rows.results.breakdown is not None
    samples: dict[int, list[list[float]]] = {}
    for row in rows.traces:
        samples.setdefault(row["job_id"], []).append([row["since_submit_ms"], row["used_mib"]])
    wanted = ("model", "prompt", "mode", "memory_kind", "problem", "repetition", "job_id")
    return [
        {**{key: row[key] for key in wanted}, "samples": samples[row["job_id"]]}
        for row in rows.results.breakdown.typical
        if row["job_id"] in samples
    ]
