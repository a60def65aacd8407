"""vLLM over two ranks on the CPU: it serves dummy weights, and no rank outlives its worker."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine

from services.waiting import wait_until
from tests.support.database import query, until
from tests.support.processes import children_of, evalctl, worker
from workers import errors
from workers.lifecycle.marked_processes import (
    MARK_VARIABLE,
    TOKEN_VARIABLE,
    carries,
    pids,
    variables,
)

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
tensor_parallel_size = {ranks}
load_format = "dummy"
skip_tokenizer_init = true
max_model_len = 1024
kv_cache_memory_bytes = 67108864
warm_up_requests = 0
"""
START_S = 480.0
CORES = sorted(os.sched_getaffinity(0))[:2]
#: One rank where there is one core.
RANKS = len(CORES)
QUEUE = "vllm-x2" if RANKS == 2 else "vllm"
ONE = ("--model", "split", "--problems", "sec-symmetric-01", "--repetitions", "1")


@pytest.fixture
def user(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Give a user with a tiny model of a rank a core, in a folder with a configuration alone."""
    folder = tmp_path / "split"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(SHAPE), encoding="utf-8")
    config = tmp_path / "evalctl.toml"
    config.write_text(MODEL.format(folder=folder, ranks=RANKS), encoding="utf-8")
    cores_of_ranks = {"VLLM_CPU_OMP_THREADS_BIND": "|".join(map(str, CORES))}
    return environment | {"EVALCTL_CONFIG": str(config)} | cores_of_ranks


def engine_processes(worker_pid: int) -> list[tuple[psutil.Process, str]]:
    """Return the processes of the worker's engine, its core and its ranks, with their titles."""
    children = children_of(worker_pid)
    return [(child, line) for child, line in children if TOKEN_VARIABLE in variables(child.pid)]


def marked(mark: str) -> set[int]:
    """Return the living processes that carry a worker's mark."""
    return {pid for pid in pids() if carries(pid, {MARK_VARIABLE: mark})}


def submit(user: dict[str, str], *arguments: str) -> None:
    submitted = evalctl(user, "submit", *ONE, *arguments)
    assert submitted.returncode == 0, submitted.stderr


def test_an_engine_of_ranks_serves_dummy_weights_and_outlives_no_killed_worker(
    user: dict[str, str], engine: Engine
) -> None:
    submit(user, "--fixed-length", "20:5")
    with worker(user, "--queue", QUEUE) as process:
        process.wait_for("engine.ready", within_s=START_S)
        process.wait_for("job.succeeded")
        submit(user)
        refused = process.wait_for("job.failed")
        submit(user, "--fixed-length", "16:900")
        until(engine, "SELECT state FROM eval.worker", [{"state": "busy"}])
        running = engine_processes(process.process.pid)
        titles = [line for _, line in running]
        assert sum("Worker" in line for line in titles) == RANKS
        assert sum("EngineCore" in line for line in titles) == 1
        mark = variables(running[0][0].pid)[MARK_VARIABLE]
        assert {one.pid for one, _ in running} <= marked(mark)
        process.stop(signal.SIGKILL)
        # Without the orphan reaper the core and its ranks would outlive this.
        assert psutil.wait_procs([one for one, _ in running], timeout=5)[1] == []
    assert wait_until(lambda: not marked(mark), 5)

    found = query(engine, "SELECT config -> 'tensor_parallel_size' AS ranks FROM eval.boot")
    assert found == [{"ranks": RANKS}]
    made = "SELECT prompt_tokens, output_tokens, output FROM analytics_v1.generations"
    assert query(engine, made) == [{"prompt_tokens": 20, "output_tokens": 5, "output": ""}]
    assert (refused["state"], refused["error_class"]) == ("failed", errors.REQUEST_REFUSED)
    said = "SELECT error_message FROM eval.attempt WHERE failure_kind = 'rejected'"
    assert "without a tokenizer" in query(engine, said)[0]["error_message"]
