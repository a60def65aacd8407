"""The whole path: command line, Postgres, broker, worker, vLLM on the CPU, scorer, tables."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine

from tests.support.database import query
from tests.support.processes import evalctl, evalctl_json, worker

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(600)]


@pytest.fixture
def user(environment: dict[str, str], embedded_home: Path, tmp_path: Path) -> dict[str, str]:
    """Give a user with the tiny model in EVALCTL_HOME, and a model with a short context."""
    home = Path(environment["EVALCTL_HOME"])
    home.mkdir()
    (home / "models").symlink_to(embedded_home / "models")
    config = tmp_path / "evalctl.toml"
    config.write_text(
        (
            '[models.short]\nengine = "vllm"\nsource = "embedded:smollm2"\noptions = { '
            "max_model_len = 32 }\n"
        ),
        encoding="utf-8",
    )
    return environment | {"EVALCTL_CONFIG": str(config)}


def test_a_real_model_runs_through_the_whole_path(user: dict[str, str], engine: Engine) -> None:
    arguments = ("--problems", "quickstart", "--repetitions", "1", "--max-tokens", "24", "--json")
    submitted = json.loads(evalctl(user, "submit --model smollm2", *arguments).stdout)
    assert submitted["published"] == 6
    with worker(user, "--queue", "vllm") as process:
        process.wait_for("engine.ready", within_s=200)
        for _ in range(6):
            process.wait_for("job.succeeded")
        # The same process takes the next model when this one is drained, and refuses what cannot be
        # served.
        short = json.loads(evalctl(user, "submit --model short", *arguments).stdout)
        process.wait_for("engine.ready", within_s=200)
        for _ in range(6):
            process.wait_for("job.failed", state="failed", error_class="PROMPT_TOO_LONG")
        children = psutil.Process(process.process.pid).children(recursive=True)
        assert any("VLLM" in child.name() or "python" in child.name() for child in children)
        assert process.stop(within_s=90) == 0
    assert not [
        child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE
    ]

    results = evalctl_json(user, f"results {submitted['run']}")
    assert {row["category"] for row in results["scores"]} == {
        "secondary",
        "university",
        "modelling",
    }
    assert results["concurrency"] == []
    (resources,) = results["resources"]
    assert resources["jobs"] == 6
    assert resources["memory_kind"] == "host"
    assert 200 < resources["need_mib"] < 20_000
    assert resources["need_mib"] == resources["host_peak_mib"]
    assert 0 < resources["ttft_ms"] < resources["e2e_s"] * 1000
    assert resources["output_tokens"] <= 24
    status = evalctl(user, f"status {short['run']} --json")
    assert status.returncode == 1, "a run with failed jobs is bad news"
    assert "tokens" in json.loads(status.stdout)["failures"][0]["example"]

    stored = query(
        engine,
        "SELECT cached_tokens, flags, prompt_hash, output, engine_ttft_ms, ttft_ms FROM "
        "analytics_v1.generations",
    )
    assert len(stored) == 6
    assert {row["cached_tokens"] for row in stored} == {0}
    assert len({row["prompt_hash"] for row in stored}) == 6
    assert all(row["output"] and 0 < row["engine_ttft_ms"] <= row["ttft_ms"] for row in stored)
    prompts = query(
        engine,
        "SELECT b.content FROM eval.generation AS g JOIN eval.text_blob AS b ON b.hash = "
        "g.prompt_text_hash",
    )
    assert all(row["content"].startswith("<|im_start|>system") for row in prompts), (
        "the chat template was applied"
    )
    traces = query(
        engine, "SELECT kind, cardinality(used_mib) AS samples, peak_mib FROM eval.memory_trace"
    )
    assert all(
        row["kind"] == "host" and row["samples"] >= 2 and row["peak_mib"] > 200 for row in traces
    )
    boots = query(engine, "SELECT kind, config, warm_up, log FROM analytics_v1.boots")
    assert [(row["kind"], row["config"]["enable_prefix_caching"]) for row in boots] == [
        ("single", False)
    ] * 2
    assert all(3 <= row["warm_up"]["requests"] <= 5 and "EngineCore" in row["log"] for row in boots)
