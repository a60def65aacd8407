"""Read what a run found, from the views of ``analytics_v1`` alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from db.engine import rows, transaction
from db.result_breakdown import ResultBreakdown, read_evidence

Row = Mapping[str, Any]

_SCORES = """
SELECT model, prompt, category, problems, repetitions, score7, score7_min, score7_max, steps_share, answer_accuracy,
       guess_rate
  FROM analytics_v1.category_scores WHERE run_id = %(run)s
 ORDER BY prompt, array_position(ARRAY['secondary', 'university', 'modelling'], category), model
"""
_RESOURCES = """
SELECT model, prompt, mode, need_mib, nvml_peak_mib, host_peak_mib, memory_kind, ttft_ms, ttft_ms_min, ttft_ms_max,
       engine_ttft_ms, e2e_s, e2e_s_min, e2e_s_max, tpot_ms, tokens_per_s, output_tokens, problems, jobs, flagged,
       config_hash, environment_hash, ttfo_ms, queue_wait_s, kv_used_mib, running_peak, boots, gpu_name, need_mib_min,
       need_mib_max, ttft_ms_p10, ttft_ms_p90, total_tokens_per_s, flag_counts
  FROM analytics_v1.model_resources WHERE run_id = %(run)s ORDER BY prompt, mode, model
"""
_PROMPTS = """
SELECT model, category, plain, stepwise, uplift_pct
  FROM analytics_v1.prompt_uplift WHERE run_id = %(run)s
 ORDER BY array_position(ARRAY['secondary', 'university', 'modelling'], category), model
"""
_CONCURRENCY = """
SELECT model, gpu, unit, max_stable, first_failure, reason, kind, memory_limit_mib, emulated, searches, limited_by, agreed,
       need_mib, peak_mib, analytic_bound
  FROM analytics_v1.probe_thresholds WHERE run_id = %(run)s
 ORDER BY array_position(ARRAY['sequences', 'instances', 'context'], kind), memory_limit_mib, gpu, model
"""
#: Limits of the run's models on the cards that it ran on: the run's own, else those of the latest run that searched for them.
_LIMITS = """
SELECT DISTINCT ON (t.kind, t.memory_limit_mib, t.gpu, t.model)
       t.model, t.kind, t.unit, t.gpu, t.memory_limit_mib, t.emulated, t.max_stable, t.first_failure, t.reason, t.limited_by,
       t.run, t.run_id = %(run)s AS own
  FROM analytics_v1.probe_thresholds AS t
  JOIN analytics_v1.runs AS r ON r.run_id = t.run_id
  JOIN (SELECT DISTINCT model, gpu_name FROM jsonb_to_recordset(%(lines)s::jsonb) AS a(model text, gpu_name text)) AS a
    ON a.model = t.model AND a.gpu_name IS NOT DISTINCT FROM t.gpu
 ORDER BY t.kind, t.memory_limit_mib, t.gpu, t.model, own DESC, r.created_at DESC
"""
_INCLUDE_FLAGGED = "SELECT set_config('evalctl.include_flagged', 'on', true)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The tables of one run, as rows of the views behind them."""

    scores: list[dict[str, Any]]
    resources: list[dict[str, Any]]
    prompts: list[dict[str, Any]]
    #: Thresholds from probes; empty for a run without probe jobs.
    concurrency: list[dict[str, Any]] = field(default_factory=list)
    #: Thresholds of the models in ``resources`` on the same cards, ``own`` or of the latest ``run`` that has some.
    limits: list[dict[str, Any]] = field(default_factory=list)
    #: What the numbers are made of, where it was asked for.
    evidence: ResultBreakdown | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract of ``results``, without the run itself."""
        return {
            "scores": self.scores,
            "resources": self.resources,
            "prompts": self.prompts,
            "concurrency": self.concurrency,
            "limits": self.limits,
        }


def read_results(
    engine: Engine, run_id: UUID, *, include_flagged: bool = False, explained: bool = False
) -> Results:
    """Return the tables of a run; rows of synthetic models only where the engine's session includes them.

    ``include_flagged`` counts results with a flag into the medians of time and memory, which leave them out otherwise;
    ``explained`` reads the evidence too.
    """
    given: dict[str, Any] = {"run": run_id}
    with transaction(engine) as connection:
        if include_flagged:
            rows(connection, _INCLUDE_FLAGGED)
        resources = rows(connection, _RESOURCES, given)
        lines = json.dumps(
            [{"model": row["model"], "gpu_name": row["gpu_name"]} for row in resources]
        )
        return Results(
            scores=rows(connection, _SCORES, given),
            resources=resources,
            prompts=rows(connection, _PROMPTS, given),
            concurrency=rows(connection, _CONCURRENCY, given),
            limits=rows(connection, _LIMITS, given | {"lines": lines}),
            evidence=read_evidence(connection, run_id) if explained else None,
        )
