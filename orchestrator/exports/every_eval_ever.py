"""The JSON documents of the project Every Eval Ever: an aggregate record for each model.

The schema is https://github.com/evaleval/every_eval_ever, version 0.3.0.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from db.results.exports import RunExport, Source
from orchestrator.exports.tables import whole_file

Row = Mapping[str, Any]
SCHEMA_VERSION = "0.3.0"
#: What evalctl does not know of a model, in the words of the schema.
UNKNOWN = {"deployment_type": "unknown", "model_availability": "unknown"}
UNKNOWN_DEVELOPER = "unknown"
#: Who published the weights and their name, as hubs write it; a folder begins otherwise.
HUB_ID = re.compile(r"(?P<developer>[A-Za-z0-9][\w.-]*)/(?P<name>[A-Za-z0-9][\w.-]*)")
#: Name, column, largest value and what it says.
METRICS = (
    ("steps", "score7", 7.0, "Points of 7 for the necessary steps that the answer shows"),
    ("final answer", "answer_correct", 1.0, "Share of right final answers"),
    ("guess", "guess_suspected", 1.0, "Share of right answers with under half of the steps"),
)
LOWER_IS_BETTER = frozenset({"guess"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Identity:
    """How other records name a model."""

    developer: str
    name: str

    @property
    def id(self) -> str:
        return f"{self.developer}/{self.name}"


def export_every_eval_ever(
    export: RunExport,
    folder: Path,
    *,
    version: str,
    problem_set: str,
    organisation: str,
    developer: str = UNKNOWN_DEVELOPER,
) -> dict[str, int]:
    """Write a record for each model into a folder; return the metrics of each file by its path.

    A model whose weights are from a hub has the id that it has there; ``developer`` made the
    others. The path below the folder is the one that the project's validator wants: benchmark,
    developer, model, and a UUID, the same at each export.
    """
    groups: dict[str, dict[tuple[str, str, str], list[Row]]] = {}
    heads: dict[str, Row] = {}
    for batch in export.answers().batches:
        for row in batch:
            heads.setdefault(row["model"], row)
            key = (row["prompt"], row["category"], json.dumps(row["sampling"], sort_keys=True))
            kept = {name: row[name] for _, name, _, _ in METRICS}
            kept |= {"problem": row["problem"], "sampling": row["sampling"]}
            groups.setdefault(row["model"], {}).setdefault(key, []).append(kept)
    made = {}
    sources = export.sources()
    for model, cells in groups.items():
        identity = _identity(model, sources.get(model), developer)
        record = _record(
            heads[model],
            identity,
            cells,
            version=version,
            problem_set=problem_set,
            organisation=organisation,
        )
        content = json.dumps(record, ensure_ascii=False, indent=2) + "\n"
        path = _path_of(record, identity, problem_set)
        with whole_file(folder / path) as part:
            part.write_text(content, encoding="utf-8")
        made[path] = len(record["evaluation_results"])
    return made


def _identity(model: str, source: Source | None, developer: str) -> _Identity:
    published = None if source is None or _local(source) else HUB_ID.fullmatch(source.source)
    if published is None:
        return _Identity(developer=developer, name=model)
    return _Identity(developer=published["developer"], name=published["name"])


def _local(source: Source) -> bool:
    """Return whether the weights were a folder: as the start said, else as it is on this host."""
    if source.engine != "vllm" or source.weights is not None:
        return source.weights == "folder"
    return Path(source.source).expanduser().is_dir()


def _path_of(record: Mapping[str, Any], identity: _Identity, problem_set: str) -> str:
    digest = hashlib.sha256(record["evaluation_id"].encode()).digest()
    parts = (problem_set, identity.developer, identity.name)
    folders = (re.sub(r"[^\w.-]+", "_", part).strip(".") or "_" for part in parts)
    return "/".join((*folders, f"{uuid.UUID(bytes=digest[:16], version=4)}.json"))


def _record(
    head: Row,
    identity: _Identity,
    cells: Mapping[tuple[str, str, str], Sequence[Row]],
    *,
    version: str,
    problem_set: str,
    organisation: str,
) -> dict[str, Any]:
    stamp = str(head["created_at"].timestamp())
    model = head["model"]
    imported = {} if head["origin"] is None else {"answers_made_by": head["origin"]}
    engine = {} if imported else {"inference_engine": {"name": str(head["engine_version"])}}
    results = [
        result
        for (prompt, category, _), rows in cells.items()
        for result in _results(rows, prompt, category, problem_set)
    ]
    return {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": f"{head['run']}/{model}/{stamp}",
        "evaluation_timestamp": head["created_at"].isoformat(),
        "retrieved_timestamp": stamp,
        "source_metadata": {
            "source_name": f"evalctl run {head['run']}",
            "source_type": "evaluation_run",
            "source_organization_name": organisation,
            "evaluator_relationship": "third_party",
        },
        "eval_library": {"name": "evalctl", "version": version},
        "model_info": {
            "name": model,
            "id": identity.id,
            "developer": identity.developer,
            **engine,
            "additional_details": UNKNOWN | {"run_id": str(head["run_id"]), **imported},
        },
        "evaluation_results": results,
    }


def _results(
    rows: Sequence[Row], prompt: str, category: str, problem_set: str
) -> list[dict[str, Any]]:
    """Return a result for each metric: the mean over problems of the means over repetitions."""
    found = []
    for name, column, largest, said in METRICS:
        values = problem_means(rows, column)
        if not values:
            continue
        found.append(
            {
                "evaluation_name": f"{problem_set} {category}, {prompt} prompt: {name}",
                "source_data": {"dataset_name": problem_set, "source_type": "other"},
                "metric_config": {
                    "evaluation_description": said,
                    "lower_is_better": name in LOWER_IS_BETTER,
                    "score_type": "continuous",
                    "min_score": 0.0,
                    "max_score": largest,
                },
                "score_details": {"score": fmean(values), "uncertainty": _uncertainty(values)},
                "generation_config": _generation(rows[0]["sampling"] or {}),
            }
        )
    return found


def problem_means(rows: Sequence[Row], column: str) -> list[float]:
    """Return the mean of a column over the repetitions of each problem that has a value."""
    by_problem: dict[str, list[float]] = {}
    for row in rows:
        if row[column] is not None:
            by_problem.setdefault(row["problem"], []).append(float(row[column]))
    return [fmean(values) for values in by_problem.values()]


def _uncertainty(values: Sequence[float]) -> dict[str, Any]:
    if len(values) < 2:
        return {"num_samples": len(values)}
    spread = stdev(values)
    error = {"value": spread / math.sqrt(len(values)), "method": "analytic"}
    return {
        "standard_error": error,
        "standard_deviation": spread,
        "num_samples": len(values),
    }


def _generation(sampling: Row) -> dict[str, Any]:
    """Return the settings that the schema knows; what is not known is left out."""
    known = ("temperature", "top_p", "top_k", "max_tokens")
    arguments = {key: sampling[key] for key in known if sampling.get(key) is not None}
    rest = {key: json.dumps(value) for key, value in sampling.items() if key not in known}
    return {"generation_args": arguments, "additional_details": rest}
