"""Read what a night found: a value per problem and metric, and what it was made under."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from db.engine import rows
from db.statements import statement

_KEYS = frozenset({"model", "prompt", "problem"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NightValues:
    """The results of one model in one run."""

    #: Prompt: column: problem: mean over the repetitions; of logarithms for times and memory.
    values: Mapping[str, Mapping[str, Mapping[str, float]]]
    #: What they were made under, as sorted lists of values, JSON-ready.
    conditions: Mapping[str, Any]


def read_night(connection: Connection, run_id: uuid.UUID) -> dict[str, NightValues]:
    """Return the values and conditions of a run by model; models without a result are left out."""
    rows(connection, statement("include_synthetic", "night_values"))
    given = {"run": run_id}
    values: dict[str, dict[str, dict[str, dict[str, float]]]] = {}
    for row in rows(connection, statement("problem_values", "night_values"), given):
        prompts = values.setdefault(row["model"], {})
        columns = prompts.setdefault(row["prompt"], defaultdict(dict))
        for column in row.keys() - _KEYS:
            if row[column] is not None:
                columns[column][row["problem"]] = float(row[column])
    return {
        model: NightValues(values=found, conditions=_conditions(connection, run_id, model))
        for model, found in values.items()
    }


def _conditions(connection: Connection, run_id: uuid.UUID, model: str) -> dict[str, Any]:
    """Return what `evalctl compare` reads of a side, as lists that JSON keeps."""
    given: dict[str, Any] = {"run": run_id, "model": model, "prompt": None}
    (row,) = rows(connection, statement("conditions", "comparison"), given)
    found: dict[str, Any] = {
        name: sorted(row[name] or ()) for name in ("spec", "mode", "language", "sampling", "scorer")
    }
    found |= {"config": {}, "environment": {}, "problems": {}, "prompts": {}}
    starts = {"starts": row["starts"] or []}
    for start in rows(connection, statement("starts", "comparison"), starts):
        for part in ("config", "environment"):
            for key, value in start[part].items():
                text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
                found[part][key] = sorted({text, *found[part].get(key, ())})
    for cell in rows(connection, statement("cells", "comparison"), given):
        contents = found["problems"].get(cell["problem"], ())
        found["problems"][cell["problem"]] = sorted({*cell["contents"], *contents})
        found["prompts"].setdefault(cell["prompt"], {})[cell["problem"]] = sorted(cell["prompts"])
    return found
