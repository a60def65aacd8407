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
    conditions = _conditions(connection, given)
    return {
        model: NightValues(values=found, conditions=conditions[model])
        for model, found in values.items()
        if model in conditions
    }


def _conditions(connection: Connection, given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows(connection, statement("settings", "night_values"), dict(given)):
        named = {key: sorted(value or ()) for key, value in row.items() if key != "model"}
        found[row["model"]] = {**named, "config": {}, "environment": {}, "problems": {}}
        found[row["model"]]["prompts"] = {}
    for row in rows(connection, statement("starts", "night_values"), dict(given)):
        for part in ("config", "environment"):
            for key, value in row[part].items():
                known = found[row["model"]][part].setdefault(key, [])
                text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
                if text not in known:
                    known.append(text)
                    known.sort()
    for row in rows(connection, statement("prompts", "night_values"), dict(given)):
        one = found[row["model"]]
        one["problems"][row["problem"]] = sorted(row["content"])
        one["prompts"].setdefault(row["prompt"], {})[row["problem"]] = sorted(row["prompts"])
    return found
