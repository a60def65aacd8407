"""Read a run's scores by problem, difficulty, topic or prompt, and its most missed steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from db.engine import rows, transaction
from db.statements import statement

#: By what scores are grouped.
PARTS = ("category", "problem", "difficulty", "topic", "prompt")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFilter:
    """Which results are meant; an empty list means all."""

    models: Sequence[str] = ()
    categories: Sequence[str] = ()
    problems: Sequence[str] = ()

    @property
    def narrows_problems(self) -> bool:
        """Whether only a part of the problem set is meant."""
        return bool(self.categories or self.problems)

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of the statements."""
        fields = ("models", "categories", "problems")
        return {name: list(getattr(self, name)) or None for name in fields}


def names_of_run(engine: Engine, run_id: UUID) -> dict[str, list[str]]:
    """Return the ``models`` and ``problems`` that a run has jobs for; empty without a job."""
    return next(iter(_read(engine, "names_of_run", {"run": run_id})), {})


def read_parts(engine: Engine, run_id: UUID, by: str, wanted: ResultFilter) -> list[dict[str, Any]]:
    """Return the scores of a run by a part, a row per model, prompt, sampling and part."""
    return _read(engine, "parts", {"run": run_id, "by": by} | wanted.parameters())


def read_problem_parts(engine: Engine, run_id: UUID, by: str) -> dict[str, list[str]]:
    """Return the difficulty of each problem of a run, or its topics; ``-`` where it has none."""
    found: dict[str, list[str]] = {}
    for row in _read(engine, "problem_parts", {"run": run_id, "by": by}):
        found.setdefault(row["problem"], []).append(row["part"] or "-")
    return found


def read_missed_steps(engine: Engine, run_id: UUID, wanted: ResultFilter) -> list[dict[str, Any]]:
    """Return how often each step is missed, the most missed first."""
    return _read(engine, "missed_steps", {"run": run_id} | wanted.parameters())


def _read(engine: Engine, name: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    with transaction(engine) as connection:
        return rows(connection, statement(name, "result_parts"), given)
