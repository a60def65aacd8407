"""Searches with vLLM on the CPU and the tiny model, in engines with very little KV cache."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import LoggingProcess, evalctl, worker

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1500)]

#: Bytes of a KV block of 32 tokens: 30 layers, 3 heads of 64, key and value, 2 bytes each.
BLOCK = 32 * 30 * 3 * 64 * 2 * 2
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


@pytest.fixture
def user(environment: dict[str, str], embedded_home: Path, tmp_path: Path) -> dict[str, str]:
    """Give a user whose EVALCTL_HOME holds the tiny model already."""
    home = Path(environment["EVALCTL_HOME"])
    home.mkdir()
    (home / "models").symlink_to(embedded_home / "models")
    config = tmp_path / "evalctl.toml"
    config.write_text(MODELS, encoding="utf-8")
    return environment | {"EVALCTL_CONFIG": str(config)}


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


def test_limits_of_a_real_engine_are_those_that_its_kv_cache_sets(user: dict[str, str]) -> None:
    with worker(user, "--queue", "vllm") as process:
        # 24 + 16 tokens take two blocks each, and seven of the eight blocks can be given out.
        sequences = ("sequences", "--model", "seven-blocks", "--max-level", "4", "--trials", "2")
        found = probe(user, process, *sequences, "--fixed-length", "24:16")
        # Prompt and answer fill 256 tokens, for which there is room; one for 1024 does not start.
        context = probe(user, process, "context", "--model", "twenty-blocks", "--levels", "256,1k")
        assert process.stop(within_s=90) == 0

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

    assert (context["max_stable"], context["first_failure"]) == (256, 1024)
    assert (context["reason"], context["limited_by"]) == ("INIT_KV_LT_MAXLEN", "memory")
    short, long = context["points"]
    assert (short["outcome"], long["outcome"]) == ("stable", "failed")
    assert short["answer_right"] in {True, False}
    # The prompt takes 192 tokens at most and the answer 64; it may be shorter.
    assert blocks(short) == pytest.approx(round(blocks(short)))
    assert round(blocks(short)) in {6, 7, 8}
    assert short["ttft_p50_ms"] > 0
