"""Report pages of given answers, without a database: foreign text stands wherever text can."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from db.results.breakdown import ResultBreakdown
from db.results.reading import Results
from db.results.report import ReportRows
from reports.page.document import report_document

NOW = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
MODELS = ("model-a", "model-b")
DATA = re.compile(r'<script type="application/json" id="document">(.*?)</script>', re.DOTALL)


def answer_row(job: int, text: str, **changes: Any) -> dict[str, Any]:
    """Return an answer of the statement ``answers``, one of three repetitions of a problem."""
    values = {
        "job_id": job,
        "model": MODELS[job % 2],
        "problem": f"problem-{job // 6}",
        "category": ("secondary", "university", "modelling")[job // 6 % 3],
        "prompt": "plain",
        "repetition": 1 + job % 6 // 2,
        "finish_reason": "stop",
        "prompt_tokens": 10,
        "output_tokens": 20,
        "ttft_ms": 150.0,
        "e2e_s": 2.5,
        "need_mib": 4000.0,
        "host_peak_mib": None,
        "flags": [],
        "output": text,
        "path": "main",
        "score7": 3.5,
        "score7_high": 3.5,
        "steps_done": 1,
        "steps_total": 2,
        "steps_undetermined": 0,
        "answer_correct": True,
        "guess_suspected": False,
        "scorer_version": "1",
        "score_id": job,
    }
    return values | changes


def verdict_row(
    job: int, step: str = "s1", verdict: str = "done", *, at: tuple[int, int] | None, **changes: Any
) -> dict[str, Any]:
    """Return a verdict of the statement ``verdicts`` with a passage, or without."""
    start, end = at or (None, None)
    values = {
        "score_id": job, "ordinal": 1, "step": step, "verdict": verdict, "evidence": None,
        "evidence_start": start, "evidence_end": end, "reason": "found the written form",
    }  # fmt: skip
    return values | changes


def document_of(
    answers: Sequence[Mapping[str, Any]],
    verdicts: Sequence[Mapping[str, Any]] = (),
    *,
    said: str = "a sentence",
    **changes: Any,
) -> dict[str, Any]:
    """Return the document of a run; ``said`` stands in every text but those of the answers."""
    models = list(dict.fromkeys(row["model"] for row in answers))
    problems = {row["problem"]: row["category"] for row in answers}
    step = {"id": "s1", "necessary": True, "describe": {"en": said}}
    problem = {
        "problem": {"en": said},
        "answer": {"kind": "value", "any_of": [said]},
        "paths": [{"id": "main", "steps": [step, step | {"id": "s2"}]}],
    }
    shown = [
        {"model": model, "problem": answers[0]["problem"], "category": "secondary", "path": "main",
         "ordinal": 1, "step": "s1", "answers": 3, "done": 1, "undetermined": 0, "wrong": 1,
         "example": answers[0]["job_id"]}
        for model in models
    ]  # fmt: skip
    values: dict[str, Any] = {
        "head": {
            "run_id": "00000000-0000-0000-0000-000000000000", "name": said, "mode": "latency",
            "language": "en", "problem_set": said, "ordinal": 1, "created_at": NOW,
            "cancelled_at": None, "paused_at": None,
        },
        "models": [
            {"model": model, "synthetic": True, "jobs": 3, "succeeded": 3, "problems": 1,
             "prompts": 1, "repetitions": 3}
            for model in models
        ],
        "missing": [
            {"model": said, "prompt": said, "state": "failed", "error_class": said,
             "example": said, "jobs": 1}
        ],
        "results": Results(
            scores=[], resources=[], prompts=[],
            breakdown=ResultBreakdown(
                spreads=[], repetitions=[], typical=[], starts=[], boots=[], points=[]
            ),
        ),
        "overall": [], "problem_scores": [], "steps_shown": shown, "prompt_steps": [],
        "distributions": [], "traces": [], "ladder": [], "nights": [],
        "problems": [
            {"problem": name, "category": category, "document": problem}
            for name, category in problems.items()
        ],
        "counts": {"answers": len(answers), "unscored": 0},
        "answers": answers, "verdicts": verdicts, "second_readings": [],
    }  # fmt: skip
    return report_document(ReportRows(**values | changes), state="succeeded", written_at=NOW)


def document_in(file: Path) -> dict[str, Any]:
    """Return the document of a written page."""
    found = DATA.search(file.read_text(encoding="utf-8"))
    assert found is not None
    document: dict[str, Any] = json.loads(found[1])
    return document
