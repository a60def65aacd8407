"""Rows of a scoring, built from the scorer's JSON contract and not from its classes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from db.models import Base, Score, StepVerdict


def score_row(document: Mapping[str, Any]) -> Score:
    """Return the row of a scoring from the document of ``evalctl score``."""
    copied = (
        "scorer_version",
        "steps_done",
        "steps_total",
        "score7",
        "answer_correct",
        "guess_suspected",
    )
    return Score(
        path_id=document["path"],
        answer_text=document["answer_text"],
        score7_high=document.get("score7_high", document["score7"]),
        steps_undetermined=document.get("steps_undetermined", 0),
        coverage=document.get("coverage", 1.0),
        **{name: document[name] for name in copied},
    )


def verdict_rows(steps: Iterable[Mapping[str, Any]]) -> list[StepVerdict]:
    """Return the rows of the verdicts of one scoring, in path order.

    Evidence is NULL where there is none.
    """
    return [
        StepVerdict(
            step=step["id"],
            verdict=step["verdict"],
            reason=step["reason"],
            **_evidence_columns(step["evidence"]),
        )
        for step in steps
    ]


def row_document(row: Base) -> dict[str, Any]:
    """Return the columns that have been set on a row."""
    return {key: value for key, value in vars(row).items() if key != "_sa_instance_state"}


def _evidence_columns(evidence: Mapping[str, Any] | None) -> dict[str, Any]:
    if evidence is None:
        return {"evidence": None, "evidence_start": None, "evidence_end": None}
    return {
        "evidence": evidence["text"],
        "evidence_start": evidence["start"],
        "evidence_end": evidence["end"],
    }
