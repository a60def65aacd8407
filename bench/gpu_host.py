"""The measurements of docs/measurements/h100.md.

Run ``python -m bench.gpu_host OUT [PART...]`` on a host with an NVIDIA GPU.

Uses the command line as an operator does, on embedded servers under a separate folder. The 4-bit
model has the shape of Qwen3-4B-Instruct-2507 in AWQ 4-bit group 128 with dummy weights, so memory
and speed are real and its text is not.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg

from core.gpus import list_gpus, used_mib
from core.model_spec import ModelSpec
from core.settings import Settings

QWEN3_4B_AWQ: dict[str, Any] = {
    "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": 2560,
    "intermediate_size": 9728, "num_hidden_layers": 36, "num_attention_heads": 32,
    "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936, "rope_theta": 5000000,
    "rms_norm_eps": 1e-6, "hidden_act": "silu", "max_position_embeddings": 262144,
    "tie_word_embeddings": True, "torch_dtype": "float16", "bos_token_id": 151643,
    "eos_token_id": 151645, "quantization_config": {
        "quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True, "version": "gemm",
        "modules_to_not_convert": None,
    },
}  # fmt: skip
#: No NVLink multicast: some hosts lose their GPUs by it.
NO_MULTICAST: Mapping[str, str] = {
    "NCCL_NVLS_ENABLE": "0",
    "NVSHMEM_DISABLE_NVLS": "1",
    "TORCH_SYMM_MEM_DISABLE_MULTICAST": "1",
    "VLLM_ALLREDUCE_USE_FLASHINFER": "0",
    "VLLM_ALLREDUCE_USE_SYMM_MEM": "0",
    "VLLM_FLASHINFER_ALLREDUCE_BACKEND": "trtllm",
}
REGISTRY = """
[models.qwen3-4b-shape]
engine = "vllm"
source = "{folder}"
quantisation = "awq-4bit-g128-shape"
[models.qwen3-4b-shape.options]
load_format = "dummy"
skip_tokenizer_init = true
dtype = "float16"
max_model_len = 8192
max_num_seqs = 4
max_num_batched_tokens = 8192
gpu_memory_utilization = 0.3
"""


SHAPE = ("--model", "qwen3-4b-shape")


class Host:
    """A separate evalctl on this host."""

    def __init__(self, folder: Path, out: Path) -> None:
        self.out = out
        shape = folder / "qwen3-4b-shape"
        write_shape(shape)
        config = folder / "evalctl.toml"
        config.write_text(REGISTRY.format(folder=shape), encoding="utf-8")
        homes = {"EVALCTL_HOME": str(folder / "home"), "EVALCTL_CONFIG": str(config)}
        self.environment = {**os.environ, **homes, "VLLM_LOGGING_LEVEL": "INFO"}
        self.settings = Settings.from_environment(self.environment)

    def evalctl(self, *arguments: str, within_s: float = 500.0) -> str:
        """Run a command and return its standard output; its words go to the log."""
        started_s = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "orchestrator", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )
        took_s = time.monotonic() - started_s
        say(
            f"$ evalctl {' '.join(arguments)}  -> {done.returncode} in {took_s:.1f} s\n"
            f"{done.stdout[-2500:]}{done.stderr[-1500:]}"
        )
        return done.stdout

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Read rows from the database of this host."""
        from services.usage import services  # noqa: PLC0415 - heavy, and only needed here

        with (
            services(self.settings, broker=False) as endpoints,
            psycopg.connect(endpoints.database_url) as connection,
        ):
            cursor = connection.execute(sql.encode())
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def wait(self, what: str, holds: Callable[[], Any], within_s: float) -> float:
        """Wait for something and return the seconds it took; NaN where it did not come."""
        started_s = time.monotonic()
        pause = threading.Event()
        while time.monotonic() - started_s < within_s:
            if holds():
                took_s = time.monotonic() - started_s
                say(f"{what}: {took_s:.2f} s")
                return took_s
            pause.wait(0.05)
        say(f"{what}: NOT within {within_s} s")
        return float("nan")

    def export(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Write rows beside the log."""
        text = json.dumps(rows, indent=1, default=str)
        (self.out / f"{name}.json").write_text(text, encoding="utf-8")


def say(line: str) -> None:
    """Print with the time."""
    print(f"[{time.strftime('%H:%M:%S')}] {line}", flush=True)


def attempt(name: str, part: Callable[[], object]) -> None:
    """Run a part; one that fails does not keep the others from running."""
    try:
        part()
    except Exception as error:  # noqa: BLE001
        say(f"{name} failed: {type(error).__name__}: {error}")


def write_shape(folder: Path, config: dict[str, Any] = QWEN3_4B_AWQ) -> None:
    """Write the folder of a model that has this configuration and no weights."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def shape_spec(folder: Path, options: dict[str, Any]) -> ModelSpec:
    """Return the model of a folder's ``shape`` with these options."""
    name, source = "qwen3-4b-shape", str(folder / "shape")
    return ModelSpec(name=name, engine="vllm", source=source, queue="vllm", options=options)


def latency_run(host: Host) -> None:
    """Run 6 prompts x 3 repetitions of 256 in, 512 out in latency mode."""
    arguments = ("--fixed-length", "256:512", "--repetitions", "3", "--name", "h100-latency")
    host.evalctl("submit", *SHAPE, "--problems", "quickstart", *arguments, "--watch")
    host.evalctl("results", "h100-latency", "--json")
    rows = host.query(
        "SELECT job_id, model, problem, repetition, attempt_no, prompt_tokens, output_tokens, "
        "cached_tokens, ttft_ms, engine_ttft_ms, ttft_ms - engine_ttft_ms AS hop_ms, e2e_s, "
        "tpot_ms, need_mib, kv_used_mib, nvml_peak_mib, queue_wait_s, config_hash, "
        "environment_hash FROM analytics_v1.generations WHERE run = 'h100-latency' ORDER BY job_id"
    )
    host.export("latency_rows", rows)
    hop = host.query(
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ttft_ms - engine_ttft_ms) "
        "AS hop_ms_median, max(ttft_ms - engine_ttft_ms) AS hop_ms_max, "
        "percentile_cont(ARRAY[0.1,0.5,0.9]) WITHIN GROUP (ORDER BY ttft_ms) AS ttft_p10_50_90, "
        "percentile_cont(0.5) WITHIN GROUP (ORDER BY tpot_ms) AS tpot_ms, count(*) AS n "
        "FROM analytics_v1.generations WHERE run = 'h100-latency'"
    )
    say(f"hop: {hop}")
    starts = (
        "SELECT id, engine_version, start_s, config, environment, backend_facts, memory_kind, "
        "context_mib, weights_mib, buffers_mib, activation_peak_mib, graphs_mib, "
        "kv_reserved_mib, memory_reasons FROM eval.boot ORDER BY id"
    )
    host.export("boots", host.query(starts))


def real_text(host: Host) -> None:
    """Run SmolLM2 with its real weights on the quickstart problems, scored."""
    run = "h100-smollm2"
    arguments = ("--repetitions", "3", "--max-tokens", "256", "--temperature", "0.7")
    named = ("--problems", "quickstart", "--name", run, "--watch")
    host.evalctl("submit", "--model", "smollm2", *named, *arguments)
    host.evalctl("results", run)
    host.export("smollm2_results", [json.loads(host.evalctl("results", run, "--json") or "{}")])


def engine_core_killed(host: Host) -> None:
    """Kill the engine core in the middle of a job: a second attempt, one result."""
    run = "h100-core-killed"
    submit_long(host, run)
    pid = engine_core()
    say(f"kill -9 engine core {pid}")
    base_mib = used_mib(0)
    os.kill(pid, signal.SIGKILL)
    host.wait("GPU memory falls after the core's death", lambda: used_mib(0) < base_mib - 5000, 30)
    host.wait("job done after the core's death", lambda: finished(host, run), 240)
    report_attempts(host, run)


def worker_killed(host: Host) -> None:
    """Kill the worker during a job: nothing stays on the GPU, another worker reruns the job."""
    run = "h100-worker-killed"
    submit_long(host, run)
    pid = host.query("SELECT pid FROM eval.worker WHERE state = 'busy'")[0]["pid"]
    say(f"kill -9 worker {pid}")
    os.kill(pid, signal.SIGKILL)
    back = "GPU memory back at base after the worker's death"
    host.wait(back, lambda: used_mib(0) < BASE_MIB + 100, 30)
    host.wait("job done after the worker's death", lambda: finished(host, run), 300)
    report_attempts(host, run)


def submit_long(host: Host, name: str) -> None:
    """Submit one long job and wait until its tokens flow."""
    problem = next(iter(Path("problems/math62/secondary").glob("sec-symmetric-01.yaml")))
    arguments = ("--fixed-length", "256:2500", "--repetitions", "1", "--name", name)
    host.evalctl("submit", *SHAPE, "--problems", str(problem), *arguments)
    busy = "SELECT 1 FROM eval.worker WHERE state = 'busy'"
    host.wait(f"{name} runs", lambda: host.query(busy), 200)
    threading.Event().wait(3.0)


def engine_core() -> int:
    """Return the pid of vLLM's engine core."""
    return next(
        p.pid
        for p in psutil.process_iter(["name", "cmdline"])
        if "EngineCore" in " ".join(p.info["cmdline"] or [p.info["name"]])
    )


def finished(host: Host, run: str) -> bool:
    """Whether no job of a run is open."""
    return not host.query(
        "SELECT 1 FROM eval.job j JOIN eval.run r ON r.id = j.run_id "
        f"WHERE r.name = '{run}' AND j.state IN ('queued', 'running')"
    )


def report_attempts(host: Host, run: str) -> None:
    """Say how often a run's jobs were tried and how many results they have."""
    attempts = host.query(
        "SELECT a.attempt_no, a.outcome, a.error_class, a.started_at, a.ended_at "
        f"FROM analytics_v1.attempts a WHERE run = '{run}' ORDER BY attempt_no"
    )
    counted = "SELECT count(*) AS results FROM analytics_v1.generations"
    results = host.query(f"{counted} WHERE run = '{run}'")
    host.export(run, [*attempts, *results])
    say(f"{run}: {attempts} {results}")


BASE_MIB = 0.0


def main() -> int:
    """Run everything; a part that fails does not keep the others from running."""
    global BASE_MIB  # noqa: PLW0603
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    BASE_MIB = used_mib(0)
    say(f"GPUs: {list_gpus()}; used {BASE_MIB:.0f} MiB; load {os.getloadavg()}")
    folder = Path(tempfile.mkdtemp(prefix="evalctl-gpu-"))
    folder.chmod(0o755)
    host = Host(folder, out)
    host.evalctl("doctor")
    host.evalctl("up", "--gpus", "0")
    wanted = sys.argv[2:]
    for part in (latency_run, real_text, engine_core_killed, worker_killed):
        if not wanted or part.__name__ in wanted:
            attempt(part.__name__, partial(part, host))
    host.evalctl("status")
    host.evalctl("down")
    host.wait("GPU memory back at base after down", lambda: used_mib(0) < BASE_MIB + 100, 30)
    logs = folder / "home" / "logs"
    for log in [*logs.glob("*.log"), *logs.glob("engines/*.log")]:
        shutil.copy(log, out / log.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
