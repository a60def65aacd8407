"""The whole path: command line, Postgres, broker, worker, vLLM on the CPU, scorer, tables.

One worker searches limits and then answers problems: each process that loads vLLM takes a while.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import Engine

from tests.support.database import query
from tests.support.processes import ROOT, LoggingProcess, evalctl, evalctl_json, worker

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1500)]

#: Bytes of a KV block of 32 tokens: 30 layers, 3 heads of 64, key and value, 2 bytes each.
BLOCK = 32 * 30 * 3 * 64 * 2 * 2
#: Engines with very little KV cache.
MODELS = f"""
[models.seven-blocks]
engine = "vllm"
source = "embedded:smollm2"
options = {{ max_model_len = 128, block_size = 32, kv_cache_memory_bytes = {8 * BLOCK} }}
[models.twenty-blocks]
engine = "vllm"
source = "embedded:smollm2"
options = {{ block_size = 32, kv_cache_memory_bytes = {20 * BLOCK} }}
"""
ONCE = ("--repetitions", "1", "--max-tokens", "24", "--json")


@pytest.fixture
def user(environment: dict[str, str], embedded_home: Path, tmp_path: Path) -> dict[str, str]:
    """Give a user whose EVALCTL_HOME holds the tiny model already."""
    home = Path(environment["EVALCTL_HOME"])
    home.mkdir()
    (home / "models").symlink_to(embedded_home / "models")
    config = tmp_path / "evalctl.toml"
    config.write_text(MODELS, encoding="utf-8")
    return environment | {"EVALCTL_CONFIG": str(config)}


@pytest.fixture
def too_long(tmp_path: Path) -> Path:
    """Give a folder with one problem whose statement fills the context of the tiny model."""
    shipped = (ROOT / "problems/starter/start-sums-01.yaml").read_text(encoding="utf-8")
    folder = tmp_path / "long"
    folder.mkdir()
    statement = "Calculate 2 + 3, " * 1500 + "4 + 5"
    text = shipped.replace("Calculate 2 + 3, 4 + 5", statement).replace("-sums-", "-long-")
    (folder / "start-long-01.yaml").write_text(text, encoding="utf-8")
    return folder


def test_a_real_model_runs_through_the_whole_path(
    user: dict[str, str], engine: Engine, too_long: Path
) -> None:
    with worker(user, "--queue", "vllm") as process:
        # 24 + 16 tokens take two blocks each, and seven of the eight blocks can be given out.
        sequences = ("sequences", "--model", "seven-blocks", "--max-level", "4", "--trials", "2")
        found = probe(user, process, *sequences, "--fixed-length", "24:16")
        # Prompt and answer fill 256 tokens, for which there is room; one for 1024 does not start.
        context = probe(user, process, "context", "--model", "twenty-blocks", "--levels", "256,1k")
        # The same process takes the next model, and refuses what cannot be served.
        answered = json.loads(
            evalctl(user, "submit --model smollm2 --problems quickstart", *ONCE).stdout
        )
        assert answered["published"] == 6
        process.wait_for("engine.ready", within_s=200)
        for _ in range(6):
            process.wait_for("job.succeeded")
        refused = json.loads(
            evalctl(user, "submit --model smollm2 --problems", str(too_long), *ONCE).stdout
        )
        process.wait_for("job.failed", state="failed", error_class="PROMPT_TOO_LONG")
        children = psutil.Process(process.process.pid).children(recursive=True)
        assert any("VLLM" in child.name() or "python" in child.name() for child in children)
        assert process.stop(within_s=90) == 0
    assert not [
        child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE
    ]
    check_sequences(found)
    check_context(context)
    check_results(evalctl_json(user, f"results {answered['run']}"))
    status = evalctl(user, f"status {refused['run']} --json")
    assert status.returncode == 1, "a run with failed jobs is bad news"
    assert "tokens" in json.loads(status.stdout)["failures"][0]["example"]
    check_stored(engine)


def probe(user: dict[str, str], process: LoggingProcess, *arguments: str) -> dict[str, Any]:
    submitted = evalctl(user, "probe", *arguments, "--no-watch", "--json")
    assert submitted.returncode == 0, submitted.stderr
    process.wait_for("job.succeeded", within_s=600)
    done = evalctl(user, "probe", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["created"] == 0, "the probe of before is shown"
    return document


def blocks(point: dict[str, Any]) -> float:
    """Return how many KV blocks were in use, a whole number but for rounding."""
    return float(point["kv_used_mib"]) * 2**20 / BLOCK


def check_sequences(found: dict[str, Any]) -> None:
    """Check that the KV cache set the limit of sequences."""
    assert (found["max_stable"], found["first_failure"], found["limited_by"]) == (3, 4, "kv_cache")
    assert found["reason"] in {"PREEMPTED", "WAITING"}
    assert found["analytic_bound"] == 3
    assert [(one["level"], one["trials"]) for one in found["points"]] == [
        (1, 2),
        (2, 2),
        (3, 2),
        (4, 1),
    ]
    assert {one["memory_kind"] for one in found["points"]} == {"host"}
    for point in found["points"]:
        assert point["base_mib"] < point["need_mib"]
        assert point["need_mib"] == pytest.approx(point["peak_mib"])
    assert [blocks(one) for one in found["points"][:3]] == pytest.approx([2, 4, 6])


def check_context(context: dict[str, Any]) -> None:
    """Check that the KV cache set the limit of the context."""
    assert (context["max_stable"], context["first_failure"]) == (256, 1024)
    assert (context["reason"], context["limited_by"]) == ("INIT_KV_LT_MAXLEN", "memory")
    short, long = context["points"]
    assert (short["outcome"], long["outcome"]) == ("stable", "failed")
    assert short["answer_right"] in {True, False}
    # The prompt takes 192 tokens at most and the answer 64; it may be shorter.
    assert blocks(short) == pytest.approx(round(blocks(short)))
    assert round(blocks(short)) in {6, 7, 8}
    assert short["ttft_p50_ms"] > 0


def check_results(results: dict[str, Any]) -> None:
    """Check what the command line says of the answers."""
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


def check_stored(engine: Engine) -> None:
    """Check what the database holds of the answers."""
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
    boots = query(
        engine,
        "SELECT kind, config, warm_up, log, boot_id IN (SELECT boot_id FROM "
        "analytics_v1.generations) AS answered FROM analytics_v1.boots",
    )
    # One for each search's engine that started, and one for all answers.
    assert [(row["kind"], row["config"]["enable_prefix_caching"]) for row in boots] == [
        ("single", False)
    ] * 3
    assert all("EngineCore" in row["log"] for row in boots)
    (served,) = (row for row in boots if row["answered"])
    assert 3 <= served["warm_up"]["requests"] <= 5
