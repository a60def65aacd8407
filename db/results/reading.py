"""Read what a run found, from the views of ``analytics_v1`` alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from db.adapters import dumps
from db.engine import rows, transaction
from db.results.breakdown import ResultBreakdown, read_breakdown
from db.statements import statement
from db.verification.reading import verification_table

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The tables of one run, as rows of the views behind them."""

    scores: list[dict[str, Any]]
    resources: list[dict[str, Any]]
    prompts: list[dict[str, Any]]
    #: Thresholds from probes; empty for a run without probe jobs.
    concurrency: list[dict[str, Any]] = field(default_factory=list)
    #: Thresholds of the models in ``resources`` on the same GPUs, ``own`` or of the latest ``run``
    #: that has some.
    limits: list[dict[str, Any]] = field(default_factory=list)
    #: How the answers of each model were drawn, without the seed.
    sampling: list[dict[str, Any]] = field(default_factory=list)
    #: Answers that a filter took or that called a tool, which no score is made of.
    unscored: list[dict[str, Any]] = field(default_factory=list)
    #: What servers say of their prefix caches, and TTFT of first against later results.
    cache: list[dict[str, Any]] = field(default_factory=list)
    #: Mean score of each problem over its repetitions, to pair models by.
    problem_means: list[dict[str, Any]] = field(default_factory=list)
    #: What answers to each prompt show of each step beside those to the plainest, and do not.
    prompt_steps: list[dict[str, Any]] = field(default_factory=list)
    #: Jobs without a result, by model and state, with the latest reason.
    missing: list[dict[str, Any]] = field(default_factory=list)
    #: Answers that were made elsewhere, by model and file.
    imported: list[dict[str, Any]] = field(default_factory=list)
    #: Energy of answers by model, prompt, mode and engine.
    energy: list[dict[str, Any]] = field(default_factory=list)
    #: Configuration and environment of the engine starts of models with several lines.
    line_starts: list[dict[str, Any]] = field(default_factory=list)
    #: Prices of priced models, and what their answers cost is made of.
    priced: list[dict[str, Any]] = field(default_factory=list)
    #: Marks on the steps of drafts and times of both stages; empty for a run without a pipeline.
    verification: list[dict[str, Any]] = field(default_factory=list)
    #: What the numbers are made of, where requested.
    breakdown: ResultBreakdown | None = None
    #: Scores of rules + judge beside the rules alone, where a judge was named.
    judged: list[dict[str, Any]] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract of ``results``, without the run itself."""
        return {
            "scores": self.scores,
            "missing": self.missing,
            "resources": self.resources,
            "prompts": self.prompts,
            "concurrency": self.concurrency,
            "limits": self.limits,
            "sampling": self.sampling,
            "unscored": self.unscored,
            "cache": self.cache,
            "imported": self.imported,
            "energy": self.energy,
            "verification": self.verification,
            **({} if self.judged is None else {"judged": self.judged}),
        }


def read_results(
    engine: Engine,
    run_id: UUID,
    *,
    include_flagged: bool = False,
    explained: bool = False,
    judge: str | None = None,
) -> Results:
    """Return the tables of a run.

    Rows of synthetic models only where the engine's session includes them. ``include_flagged``
    counts results with a flag into the medians of time and memory, which leave them out otherwise;
    ``explained`` reads their breakdown too, ``judge`` what the scores are with this judge.
    """
    given: dict[str, Any] = {"run": run_id}
    with transaction(engine) as connection:
        if include_flagged:
            rows(connection, statement("include_flagged", "results"))
        resources = _read(connection, "resources", given)
        lines = dumps([{"model": row["model"], "gpu_name": row["gpu_name"]} for row in resources])
        return Results(
            scores=_joined(
                _read(connection, "scores", given),
                _read(connection, "score_means", given),
                _read(connection, "cuts", given),
            ),
            problem_means=_read(connection, "problem_means", given),
            missing=_read(connection, "missing", given),
            resources=resources,
            prompts=_read(connection, "prompts", given),
            concurrency=_read(connection, "concurrency", given),
            limits=_read(connection, "limits", given | {"lines": lines}),
            sampling=_read(connection, "sampling", given),
            unscored=_read(connection, "unscored", given),
            cache=_read(connection, "cache", given),
            imported=_read(connection, "imported", given),
            priced=_read(connection, "costs", given),
            energy=_read(connection, "energy", given),
            line_starts=_line_starts(connection, resources),
            prompt_steps=rows(connection, statement("prompt_steps", "prompts"), given),
            verification=verification_table(connection, run_id),
            breakdown=read_breakdown(connection, run_id) if explained else None,
            judged=None if judge is None else _read(connection, "judged", given | {"judge": judge}),
        )


def _line_starts(connection: Connection, resources: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the settings of models that have several lines in one prompt and mode."""
    lines = Counter((row["model"], row["prompt"], row["mode"]) for row in resources)
    several = [
        {key: row[key] for key in ("config_hash", "environment_hash")}
        for row in resources
        if lines[row["model"], row["prompt"], row["mode"]] > 1
    ]
    return _read(connection, "line_settings", {"lines": dumps(several)}) if several else []


def problem_energy(engine: Engine, run_id: UUID) -> dict[tuple[str, str, str], float]:
    """Return the joules of an answer by model, prompt and problem."""
    with transaction(engine) as connection:
        found = _read(connection, "problem_energy", {"run": run_id})
    return {(row["model"], row["prompt"], row["problem"]): row["joules"] for row in found}


def _joined(
    scores: list[dict[str, Any]], *others: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the scores with the columns of other statements on the same groups."""

    def group(row: Row) -> tuple[str, ...]:
        return (*(row[part] for part in ("model", "prompt", "category")), dumps(row["sampling"]))

    by_group: dict[tuple[str, ...], dict[str, Any]] = {}
    for other in others:
        for row in other:
            by_group.setdefault(group(row), {}).update(row)
    return [row | by_group.get(group(row), {}) for row in scores]


def _read(connection: Connection, name: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    return rows(connection, statement(name, "results"), given)
