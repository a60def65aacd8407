"""What the page and its figures leave out, each with the reason and the number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from db.results.report import ReportRows
from reports.page.answers import NOTE_AT_MOST, left_out_of_texts
from reports.results.imported import imported_left_out

Row = Mapping[str, Any]


def left_out(rows: ReportRows, answers: Sequence[Row]) -> list[dict[str, Any]]:
    """Return sentences with their numbers; empty where nothing is left out."""
    return [
        *(_missing(row) for row in rows.missing),
        *imported_left_out(rows.results.imported),
        *_flagged(rows.results.resources),
        *_verdicts(rows, answers),
        *_page(rows, answers),
    ]


def _missing(row: Row) -> dict[str, Any]:
    state = {"queued": "wait in the queue", "running": "run"}.get(row["state"], row["state"])
    jobs = "job" if row["jobs"] == 1 else "jobs"
    why = ""
    if row["error_class"]:
        example = (row["example"] or "")[:NOTE_AT_MOST]
        why = f": {row['error_class']}{f', {example}' if example else ''}"
    said = f"{jobs} of {row['model']} ({row['prompt']}), {state}{why}"
    return {"number": row["jobs"], "what": said, "where": "all figures"}


def _flagged(resources: Sequence[Row]) -> list[dict[str, Any]]:
    """Count flagged results, which count in scores alone."""
    found: Counter[tuple[str, str]] = Counter()
    for row in resources:
        for word, times in row["flag_counts"].items():
            found[row["model"], word] += times
    return [
        {"number": times, "what": f"results of {model} flagged {word}", "where": "times and memory"}
        for (model, word), times in sorted(found.items())
    ]


def _verdicts(rows: ReportRows, answers: Sequence[Row]) -> list[dict[str, Any]]:
    undecided = sum(
        answer["path"] is not None and answer["answer_correct"] is None for answer in answers
    )
    entries = []
    if rows.counts["unscored"]:
        entries.append(
            {
                "number": rows.counts["unscored"],
                "what": "answers without a score: their run measures speed alone",
                "where": "scores",
            }
        )
    if undecided:
        entries.append(
            {
                "number": undecided,
                "what": "final answers that the rules cannot decide",
                "where": "the share of right answers",
            }
        )
    return entries


def _page(rows: ReportRows, answers: Sequence[Row]) -> list[dict[str, Any]]:
    entries = []
    beyond = rows.counts["answers"] - len(answers)
    if beyond > 0:
        entries.append(
            {
                "number": beyond,
                "what": "answers beyond the number asked for, the last repetitions first "
                "(--answers shows more)",
                "where": "the list of answers; the figures count them",
            }
        )
    if cut := left_out_of_texts(answers):
        entries.append(
            {
                "number": cut,
                "what": "answers whose end is cut: they are longer than the page holds",
                "where": "the list of answers; the verdicts count all of the text",
            }
        )
    return entries
