"""How well a run's GPU seconds are estimated from an earlier one of the same model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bench.gpu_host import say
from bench.group_gpu.host import Bench


def estimates(bench: Bench) -> dict[str, Any]:
    """Estimate three runs from earlier ones of the same model, then run them, on the first GPU."""
    bench.up("0")
    return {name: _estimated(bench, name, *one) for name, one in ESTIMATED.items()}


def _estimated(
    bench: Bench, name: str, model: str, options: Sequence[str], repetitions: Sequence[int]
) -> dict[str, Any]:
    """Run once, estimate a second run with another seed, run it; GPU seconds of both."""
    said = []
    for seed, count in enumerate(repetitions):
        shape = ("--model", model, "--problems", "quickstart", *options)
        wanted = (*shape, "--repetitions", str(count), "--seed", str(1000 * seed))
        planned = json.loads(
            bench.host.evalctl("submit", *wanted, "--dry-run", "--json", within_s=60)
        )
        run = f"estimated-{name}-{seed}"
        bench.host.evalctl("submit", *wanted, "--name", run, within_s=60)
        bench.done(run, min(240.0, bench.left_s))
        took = bench.query(f"SELECT * FROM analytics_v1.run_gpu_hours WHERE run = '{run}'")
        said.append({"run": run, "estimate": planned["estimate"], "took": took})
        say(f"{run}: {json.dumps(said[-1], default=str)}")
    return {"runs": said}


#: Model, how it is run, repetitions of the first and of the second run of six problems.
ESTIMATED: Mapping[str, tuple[str, tuple[str, ...], tuple[int, int]]] = {
    "latency": ("r1-7b-x1", ("--fixed-length", "256:512"), (2, 4)),
    "throughput": ("r1-7b-x1", ("--fixed-length", "256:512", "--mode", "throughput"), (4, 8)),
    "large": ("qwen3-32b-x1", ("--fixed-length", "256:256"), (1, 3)),
}
