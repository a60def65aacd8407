"""How fast the shapes are on one GPU, on two, and as a pipeline; what each GPU needed."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from typing import Any

from bench.gpu_host import say
from bench.group_gpu.host import SHAPES, Bench, Rows

_GENERATIONS = """
SELECT model, ttft_ms, tpot_ms, e2e_s, need_mib, kv_used_mib, nvml_peak_mib, power_w, flags
  FROM analytics_v1.generations WHERE run = '{run}' ORDER BY job_id
"""
_GPUS = """
SELECT model, place, count(*) AS results, min(need_mib) AS need_min, max(need_mib) AS need_mib,
       max(nvml_peak_mib) AS nvml_peak_mib
  FROM analytics_v1.generation_gpus WHERE run = '{run}' GROUP BY model, place ORDER BY model, place
"""


def speeds(bench: Bench, run: str) -> dict[str, Any]:
    """Return medians of a run's results by model, and what each GPU needed."""
    rows: Rows = bench.query(_GENERATIONS.format(run=run))
    found: dict[str, Any] = {}
    for model in sorted({str(row["model"]) for row in rows}):
        mine = [row for row in rows if row["model"] == model]
        found[model] = {
            "results": len(mine),
            "flags": sorted({flag for row in mine for flag in row["flags"]}),
            **{name: _median(row[name] for row in mine) for name in _FIGURES},
            "per_gpu": [one for one in bench.query(_GPUS.format(run=run)) if one["model"] == model],
        }
        say(f"{run} {model}: {json.dumps(found[model], default=str)}")
    if not found:
        raise RuntimeError(f"{run} has no result")
    return found


_FIGURES = ("ttft_ms", "tpot_ms", "e2e_s", "need_mib", "kv_used_mib", "nvml_peak_mib", "power_w")


def _median(values: Iterator[float | None]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return round(statistics.median(known), 2) if known else None


def one_gpu(bench: Bench) -> dict[str, Any]:
    """Run each shape on a separate GPU, both at the same time."""
    bench.up("0", "1")
    bench.submit("one-gpu", [f"{name}-x1" for name in SHAPES], "256:256", 8)
    bench.done("one-gpu", min(240.0, bench.left_s))
    return speeds(bench, "one-gpu")


def two_gpus_7b(bench: Bench) -> dict[str, Any]:
    """Run the small shape on both GPUs together."""
    return _two_gpus(bench, "r1-7b-x2")


def pipeline_7b(bench: Bench) -> dict[str, Any]:
    """Run the small shape as a pipeline of two stages, one on each GPU."""
    return _two_gpus(bench, "r1-7b-p2")


def two_gpus_32b(bench: Bench) -> dict[str, Any]:
    """Run the large shape on both GPUs together."""
    return _two_gpus(bench, "qwen3-32b-x2")


def _two_gpus(bench: Bench, model: str) -> dict[str, Any]:
    bench.up("0+1")
    run = f"two-gpus-{model}"
    bench.submit(run, [model], "256:256", 8)
    bench.done(run, min(210.0, bench.left_s))
    return speeds(bench, run)
