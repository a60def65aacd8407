"""Single answers of a run, with the verdicts on their steps and who gave them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from db.engine import rows, transaction
from db.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFilter:
    """Which answers to one problem are wanted; None takes all."""

    problem: str
    model: str | None = None
    prompt: str | None = None
    repetition: int | None = None


def read_answers(engine: Engine, run_id: UUID, wanted: AnswerFilter) -> list[dict[str, Any]]:
    """Return the answers to a problem, by model, prompt and repetition.

    Times are in milliseconds (``*_ms``) and seconds (``*_s``). ``steps`` holds for each step what
    the rules, the newest judge and the newest review say of it, with offsets into ``text``.
    Answers of synthetic models only where the engine's session includes them.
    """
    given = {
        "run": run_id,
        "problem": wanted.problem,
        "model": wanted.model,
        "prompt": wanted.prompt,
        "repetition": wanted.repetition,
    }
    with transaction(engine) as connection:
        return rows(connection, statement("answers", "answers"), given)


def answered_problems(engine: Engine, run_id: UUID) -> Mapping[str, int]:
    """Return the problems of a run with their number of answers, by name."""
    with transaction(engine) as connection:
        found = rows(connection, statement("answered_problems", "answers"), {"run": run_id})
    return {row["problem"]: row["answers"] for row in found}
