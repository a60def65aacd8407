"""Runs of MLflow, in a SQLite store of a folder: one for each model, prompt style and sampling.

The same export again adds nothing: a run of MLflow carries the hash of what it holds. Where answers
have come since, or an export was interrupted, a fresh run replaces the old one, which MLflow marks
as deleted.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from db.results.exports import RunExport
from orchestrator.exports.every_eval_ever import METRICS, problem_means
from orchestrator.exports.optional_package import optional_package

Row = Mapping[str, Any]
STORE = "mlflow.db"
#: Tags: the run, model, prompt and sampling that a run of MLflow stands for, and a hash of what it
#: holds.
KEY, CONTENT = "evalctl.key", "evalctl.content"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What a run of MLflow holds."""

    name: str
    key: str
    began_ms: int
    ended_ms: int
    params: Mapping[str, str]
    metrics: Mapping[str, float]

    @property
    def content(self) -> str:
        held = [self.name, self.began_ms, self.ended_ms, dict(self.params), dict(self.metrics)]
        return _digest(json.dumps(held, sort_keys=True))


def export_mlflow(
    export: RunExport, folder: Path, *, version: str, problem_set: str
) -> dict[str, int]:
    """Bring the store of a folder up to date; return how many runs of MLflow stand for the run.

    The experiment of MLflow is the problem set, so that runs can be compared. Raise ``UsageFault``
    where MLflow is missing.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    tracking = optional_package("mlflow.tracking", extra="mlflow", wanted="mlflow")
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for batch in export.answers().batches:
        for row in batch:
            key = (row["model"], row["prompt"], _settings(row))
            groups.setdefault(key, []).append(_kept(row))
    if not groups:
        return {STORE: 0}
    place = folder.resolve()
    place.mkdir(parents=True, exist_ok=True)
    client = tracking.MlflowClient(tracking_uri=f"sqlite:///{place / STORE}")
    experiment_id = _experiment(client, f"evalctl {problem_set}", place / "artifacts")
    for rows in groups.values():
        _store(client, experiment_id, _entry(rows, version, problem_set))
    return {STORE: len(groups)}


def _kept(row: Row) -> Row:
    """Return what is needed of an answer, without its text."""
    columns = ("run", "run_id", "model", "prompt", "problem", "category", "mode", "sampling")
    more = ("created_at", "engine_version", "origin", *(column for _, column, _, _ in METRICS))
    return {column: row[column] for column in (*columns, *more)}


def _settings(row: Row) -> str:
    return json.dumps(row["sampling"], sort_keys=True)


def _entry(rows: Sequence[Row], version: str, problem_set: str) -> _Entry:
    first = rows[0]
    stored = [int(row["created_at"].timestamp() * 1000) for row in rows]
    given = {key: json.dumps(value) for key, value in (first["sampling"] or {}).items()}
    params = {
        "model": first["model"],
        "prompt": first["prompt"],
        "problem_set": problem_set,
        "mode": str(first["mode"]),
        "engine_version": str(first["engine_version"]),
        "origin": str(first["origin"] or "evalctl"),
        "evalctl_version": version,
        **{f"sampling.{key}": value for key, value in sorted(given.items())},
    }
    return _Entry(
        name=f"{first['run']}, {first['model']}, {first['prompt']}",
        key=_digest(
            json.dumps([str(first["run_id"]), first["model"], first["prompt"], _settings(first)])
        ),
        began_ms=min(stored),
        ended_ms=max(stored),
        params=params,
        metrics=_metrics(rows),
    )


def _metrics(rows: Sequence[Row]) -> dict[str, float]:
    """Return each metric of all problems and of each category, and how many answers there are.

    A metric is the mean over problems of the means over repetitions.
    """
    made = {"answers": float(len(rows))}
    for category in ("", *sorted({row["category"] for row in rows})):
        chosen = [row for row in rows if category in {"", row["category"]}]
        for name, column, _, _ in METRICS:
            if values := problem_means(chosen, column):
                made[f"{name}, {category}" if category else name] = fmean(values)
    return {name.replace(", ", "/").replace(" ", "_"): value for name, value in made.items()}


def _experiment(client: Any, name: str, artifacts: Path) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        return str(client.create_experiment(name, artifact_location=artifacts.as_uri()))
    if found.lifecycle_stage != "active":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _store(client: Any, experiment_id: str, entry: _Entry) -> None:
    """Add a run of MLflow unless it is there, and delete what it replaces."""
    entities = optional_package("mlflow.entities", extra="mlflow", wanted="mlflow")
    found = client.search_runs([experiment_id], filter_string=f"tags.`{KEY}` = '{entry.key}'")
    whole = [
        run
        for run in found
        if run.data.tags.get(CONTENT) == entry.content and run.info.status == "FINISHED"
    ]
    for run in found:
        if run not in whole[:1]:
            client.delete_run(run.info.run_id)
    if whole:
        return
    tags = {KEY: entry.key, CONTENT: entry.content}
    run_id = client.create_run(
        experiment_id, start_time=entry.began_ms, tags=tags, run_name=entry.name
    ).info.run_id
    client.log_batch(
        run_id,
        metrics=[
            entities.Metric(name, value, entry.ended_ms, 0) for name, value in entry.metrics.items()
        ],
        params=[entities.Param(name, value) for name, value in entry.params.items()],
    )
    client.set_terminated(run_id, status="FINISHED", end_time=entry.ended_ms)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
