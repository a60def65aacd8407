"""Read what is compared: the results of a side, and what they were made under."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from core.model_spec import canonical_hash
from db.engine import rows, transaction
from db.statements import statement

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SideKey:
    """One side: a run's results of one model, of one prompt style or of all."""

    run_id: UUID
    model: str
    prompt: str | None = None
    #: Scores are those of rules + this judge; None: of the rules alone.
    judge: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SideRows:
    """The rows of one side."""

    #: A row per result, a column per value.
    results: Sequence[Row]
    #: Distinct values of everything that results are made under.
    conditions: Row
    #: Problems and prompts with the hashes of what was asked.
    cells: Sequence[Row]
    #: Configuration and environment of each engine start.
    starts: Sequence[Row]
    #: The judge as it read this side; empty without one.
    judges: Sequence[str] = ()


def run_models(engine: Engine, run_id: UUID) -> dict[str, list[str]]:
    """Return the models of a run that have results, each with its prompt styles."""
    with transaction(engine) as connection:
        found = rows(connection, statement("models", "comparison"), {"run": run_id})
    return {row["model"]: row["prompts"] for row in found}


def read_sides(engine: Engine, keys: Sequence[SideKey]) -> list[SideRows]:
    """Return the rows of several sides, as one moment has them."""
    with transaction(engine) as connection:
        read = {key: _read_side(connection, key) for key in dict.fromkeys(keys)}
    return [read[key] for key in keys]


def read_answers(engine: Engine, run_id: UUID, jobs: Sequence[int]) -> dict[int, Row]:
    """Return answers by job: text, repetition, score, and whether it is right."""
    with transaction(engine) as connection:
        given = {"run": run_id, "jobs": list(jobs)}
        return {
            row["job_id"]: row
            for row in rows(connection, statement("answers", "comparison"), given)
        }


def keep_comparison(
    engine: Engine,
    a: SideKey,
    b: SideKey,
    *,
    policy: Mapping[str, Any],
    verdict: str,
    forced: bool,
    problems: int,
) -> list[dict[str, Any]]:
    """Store what a comparison found; return the other runs of B's experiment compared with A.

    Those are earlier tries of the same gate, oldest first.
    """
    given = {
        "run_a": a.run_id, "run_b": b.run_id, "model_a": a.model, "model_b": b.model,
        "prompt_a": a.prompt, "prompt_b": b.prompt,
    }  # fmt: skip
    found = {"verdict": verdict, "forced": forced, "problems": problems}
    written = {"policy": json.dumps(policy), "policy_hash": canonical_hash(policy)}
    with transaction(engine) as connection:
        tries = rows(connection, statement("tries", "comparison"), given)
        rows(connection, statement("keep", "comparison"), given | found | written)
    return tries


def _read_side(connection: Connection, key: SideKey) -> SideRows:
    given: dict[str, Any] = {
        "run": key.run_id,
        "model": key.model,
        "prompt": key.prompt,
        "judge": key.judge,
    }

    def read(name: str, **more: Any) -> list[dict[str, Any]]:
        return rows(connection, statement(name, "comparison"), given | more)

    (conditions,) = read("conditions")
    return SideRows(
        results=read("results"),
        conditions=conditions,
        cells=read("cells"),
        starts=read("starts", starts=conditions["starts"] or []),
        judges=[] if key.judge is None else [row["judge"] for row in read("judges")],
    )
