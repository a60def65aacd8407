"""Measure judges against people: the reviews of a run, or a folder of labelled answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

from db.judging.judgements import run_judges
from db.judging.reviews import chosen_reviews, repeated_verdicts, reviewed_steps
from db.runs.run import Run
from problems.labelling import LabelledAnswer
from scoring.judging.reply_file import read_replies
from scoring.quality.judge_agreement import JudgeAgreement, ReadStep, labelled_agreement

_STEP = ("truth", "rules", "judge", "merged", "style", "category")


def run_agreement(engine: Engine, run: Run, judge: str | None) -> dict[str, Any]:
    """Return how far each judge of a run, or one, agrees with the random reviews.

    A run without a judge has the figures of its rules, under the name ``rules``.
    """
    judges = [judge] if judge is not None else run_judges(engine, run.run_id)
    found = {name: _agreement(engine, run, name).to_dict() for name in judges}
    if not found:
        found["rules"] = _agreement(engine, run, None).to_dict()
    return {"judges": found, "reviews_left_out": chosen_reviews(engine, run.run_id)}


def folder_agreement(answers: Sequence[LabelledAnswer], lines: Sequence[str]) -> dict[str, Any]:
    """Return how far the judge whose replies a file holds agrees with a labelled folder."""
    replies, refused = read_replies(lines)
    found, unknown = labelled_agreement(answers, [(one.custom_id, one.content) for one in replies])
    return {
        "judges": {"replies": found.to_dict()},
        "refused": [{"line": one.line, "reason": one.reason} for one in refused],
        "unknown": list(unknown),
    }


def _agreement(engine: Engine, run: Run, judge: str | None) -> JudgeAgreement:
    return JudgeAgreement(
        steps=[
            ReadStep(**{key: row[key] for key in _STEP})
            for row in reviewed_steps(engine, run.run_id, judge)
        ],
        repeated=[] if judge is None else repeated_verdicts(engine, run.run_id, judge),
    )
