"""Measure judges against people: the reviews of a run, or a folder of labelled answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

from db.judgements import run_judges
from db.reviews import chosen_reviews, repeated_verdicts, reviewed_steps
from db.runs import Run
from problems.labelling import LabelledAnswer
from scoring.judging.reply_file import read_replies
from scoring.quality.judge_card import CardStep, JudgeCard, labelled_card

_STEP = ("truth", "rules", "judge", "merged", "style", "category")


def run_cards(engine: Engine, run: Run, judge: str | None) -> dict[str, Any]:
    """Return the card of each judge of a run, or of one, against the random reviews.

    A run without a judge has a card of its rules, under the name ``rules``.
    """
    judges = [judge] if judge is not None else run_judges(engine, run.run_id)
    cards = {name: _card(engine, run, name).to_dict() for name in judges}
    if not cards:
        cards["rules"] = _card(engine, run, None).to_dict()
    return {"judges": cards, "reviews_left_out": chosen_reviews(engine, run.run_id)}


def folder_card(answers: Sequence[LabelledAnswer], lines: Sequence[str]) -> dict[str, Any]:
    """Return the card of the judge whose replies a file holds, against a labelled folder."""
    replies, refused = read_replies(lines)
    card, strangers = labelled_card(answers, [(one.custom_id, one.content) for one in replies])
    return {
        "judges": {"replies": card.to_dict()},
        "refused": [{"line": one.line, "reason": one.reason} for one in refused],
        "unknown": list(strangers),
    }


def _card(engine: Engine, run: Run, judge: str | None) -> JudgeCard:
    return JudgeCard(
        steps=[
            CardStep(**{key: row[key] for key in _STEP})
            for row in reviewed_steps(engine, run.run_id, judge)
        ],
        repeated=[] if judge is None else repeated_verdicts(engine, run.run_id, judge),
    )
