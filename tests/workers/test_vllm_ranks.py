"""vLLM over two ranks on the CPU: no rank outlives a worker that is killed."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine

from tests.support.database import query, until
from tests.support.processes import children_of, evalctl, worker
from workers.lifecycle.marked_processes import TOKEN_VARIABLE, variables

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(660)]

SHAPE = {
    "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": 128,
    "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 32, "vocab_size": 1024, "rms_norm_eps": 1e-6,
    "hidden_act": "silu", "max_position_embeddings": 4096, "tie_word_embeddings": True,
    "torch_dtype": "bfloat16", "rope_theta": 10000, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
MODEL = """
[models.split]
engine = "vllm"
source = "{folder}"
[models.split.options]
tensor_parallel_size = 2
load_format = "dummy"
skip_tokenizer_init = true
max_model_len = 1024
kv_cache_memory_bytes = 67108864
warm_up_requests = 0
"""
START_S = 480.0


@pytest.fixture
def user(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Give a user with a tiny model of two ranks, each on a core."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("two ranks need two cores")
    folder = tmp_path / "split"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(SHAPE), encoding="utf-8")
    config = tmp_path / "evalctl.toml"
    config.write_text(MODEL.format(folder=folder), encoding="utf-8")
    cores_of_ranks = {"VLLM_CPU_OMP_THREADS_BIND": f"{cores[0]}|{cores[1]}"}
    return environment | {"EVALCTL_CONFIG": str(config)} | cores_of_ranks


def engine_processes(worker_pid: int) -> list[tuple[psutil.Process, str]]:
    """Return the processes of the worker's engine, its core and its ranks, with their titles."""
    children = children_of(worker_pid)
    return [(child, line) for child, line in children if TOKEN_VARIABLE in variables(child.pid)]


def test_no_rank_outlives_its_worker(user: dict[str, str], engine: Engine) -> None:
    asked = "--problems sec-symmetric-01 --repetitions 1 --fixed-length 16:900"
    submitted = evalctl(user, "submit --model split", *asked.split())
    assert submitted.returncode == 0, submitted.stderr
    with worker(user, "--queue", "vllm-x2") as process:
        process.wait_for("engine.ready", within_s=START_S)
        until(engine, "SELECT state FROM eval.worker", [{"state": "busy"}])
        running = engine_processes(process.process.pid)
        assert sum("Worker_TP" in line for _, line in running) == 2
        process.stop(signal.SIGKILL)
        assert psutil.wait_procs([one for one, _ in running], timeout=30)[1] == []
    found = query(engine, "SELECT config -> 'tensor_parallel_size' AS ranks FROM eval.boot")
    assert found == [{"ranks": 2}]
