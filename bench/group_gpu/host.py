"""The host under test: its models, one engine's layout over the GPUs, runs and what they found."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from bench.gpu_host import NO_MULTICAST, QWEN3_4B_AWQ, Host, say, write_shape
from bench.gpu_need import R1_7B_AWQ
from core.gpus import list_gpus, nvml
from workers.gpu.nvml import NvmlReader

QWEN3_32B_AWQ: dict[str, Any] = QWEN3_4B_AWQ | {
    "hidden_size": 5120, "intermediate_size": 25600, "num_hidden_layers": 64,
    "num_attention_heads": 64, "num_key_value_heads": 8, "rope_theta": 1000000,
    "max_position_embeddings": 40960, "tie_word_embeddings": False,
}  # fmt: skip
SHAPES: Mapping[str, dict[str, Any]] = {"r1-7b": R1_7B_AWQ, "qwen3-32b": QWEN3_32B_AWQ}
MODEL = """
[models.{name}]
engine = "{engine}"
source = "{folder}"
quantisation = "awq-4bit-g128-shape"
queue = "vllm"
[models.{name}.options]
{parallel}_parallel_size = {gpus}
max_num_seqs = 4
{options}
"""
#: How an engine is spread, over how many GPUs, and the share of each that it reserves, by what
#: follows the shape in a model's name. The ``s`` ones are for searches on emulated GPUs.
KINDS: Mapping[str, tuple[str, int, float | None]] = {
    "x1": ("tensor", 1, 0.6),
    "x2": ("tensor", 2, 0.6),
    "p2": ("pipeline", 2, 0.6),
    "s1": ("tensor", 1, None),
    "s2": ("tensor", 2, 0.85),
}
VLLM_OPTIONS = """
load_format = "dummy"
skip_tokenizer_init = true
dtype = "float16"
max_model_len = 4096
max_num_batched_tokens = 4096
warm_up_requests = 4
"""
#: The synthetic engine stands in for vLLM in a rehearsal on fake GPUs.
SYNTHETIC_OPTIONS = "ttft_ms = 20\ntpot_ms = 2\nmax_model_len = 4096\n"
DEADLINE_S = float(os.environ.get("EVALCTL_BENCH_S", "420"))
#: Short, so that the job of a killed worker is soon taken back.
LEASE_S = "12"
Rows = list[dict[str, Any]]


class Bench:
    """The host under test, what was found so far, and the time that is left."""

    def __init__(self, out: Path, folder: Path, *, rehearsal: bool) -> None:
        self._began_s = time.monotonic()
        self._folder, self._out = folder, out
        self.host = Host(folder, out)
        self.host.environment |= {**NO_MULTICAST, "EVALCTL_LEASE_S": LEASE_S}
        self.rehearsal = rehearsal
        self.gpus = list_gpus()[:2]
        self.base_mib = self.used_mib()
        self.found: dict[str, Any] = {
            "gpus": [gpu.name for gpu in self.gpus],
            "driver": self.gpus[0].driver,
            "base_mib": self.base_mib,
            "synthetic": rehearsal,
            "parts": {},
        }
        self.layout: tuple[str, ...] = ()
        self._register()

    @property
    def left_s(self) -> float:
        """Seconds until the deadline."""
        return DEADLINE_S - (time.monotonic() - self._began_s)

    def used_mib(self) -> list[float]:
        """Return the MiB in use on both GPUs."""
        with nvml():
            return [NvmlReader(gpu.uuid).total_used_mib() for gpu in self.gpus]

    def query(self, sql: str) -> Rows:
        """Read rows, those of synthetic models included."""
        from services.usage import services  # noqa: PLC0415 - heavy, and only needed here

        with (
            services(self.host.settings, broker=False) as endpoints,
            psycopg.connect(endpoints.database_url) as connection,
        ):
            connection.execute("SET evalctl.include_synthetic = on")
            cursor = connection.execute(sql.encode())
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def up(self, *groups: str) -> None:
        """Have one worker for each group, and no other."""
        if self.layout == groups:
            return
        if self.layout:
            self.host.evalctl("down", within_s=120)
        self.layout = groups
        self.host.evalctl("up", "--gpus", ",".join(groups), within_s=90)

    def submit(self, name: str, models: Sequence[str], lengths: str, repetitions: int) -> None:
        """Submit a speed run on one problem, without waiting."""
        problem = next(iter(Path("problems/math62/secondary").glob("sec-symmetric-01.yaml")))
        named = [part for model in models for part in ("--model", model)]
        shape = ("--fixed-length", lengths, "--repetitions", str(repetitions))
        arguments = ("--problems", str(problem), *shape, "--name", name)
        self.host.evalctl("submit", *named, *arguments, within_s=60)

    def done(self, name: str, within_s: float) -> float:
        """Wait until no job of a run is open; raise ``TimeoutError`` where one still is."""
        took_s = self.host.wait(f"{name} done", lambda: not self.open_jobs(name), within_s)
        if took_s != took_s:  # noqa: PLR0124 - not a number
            for row in self.query(f"{ATTEMPTS} WHERE run = '{name}' ORDER BY job_id, attempt_no"):
                say(f"{name}: {row}")
            self.host.evalctl("cancel", name, within_s=60)
            raise TimeoutError(f"{name} was not done within {within_s:.0f} s")
        return took_s

    def open_jobs(self, name: str) -> Rows:
        """Return the jobs of a run that are queued or running."""
        return self.query(
            "SELECT j.id FROM eval.job j JOIN eval.run r ON r.id = j.run_id "
            f"WHERE r.name = '{name}' AND j.state IN ('queued', 'running')"
        )

    def write(self) -> None:
        """Write what was found so far."""
        text = json.dumps(self.found, indent=1, default=str)
        (self._out / "group.json").write_text(text, encoding="utf-8")

    def keep_logs(self) -> None:
        """Copy the logs of workers and engines beside the findings."""
        logs = self._folder / "home" / "logs"
        for log in [*logs.glob("*.log"), *logs.glob("engines/*.log")]:
            shutil.copy(log, self._out / log.name)

    def _register(self) -> None:
        engine = "synthetic" if self.rehearsal else "vllm"
        options = SYNTHETIC_OPTIONS if self.rehearsal else VLLM_OPTIONS
        texts = []
        for name, config in SHAPES.items():
            folder = self._folder / name
            write_shape(folder, config)
            for kind, (parallel, gpus, reserved) in KINDS.items():
                model = {"name": f"{name}-{kind}", "engine": engine, "folder": folder}
                shared = {"parallel": parallel, "gpus": gpus, "options": options}
                text = MODEL.format(**model, **shared)
                if reserved is not None and not self.rehearsal:
                    text += f"gpu_memory_utilization = {reserved}\n"
                texts.append(text)
        Path(self.host.environment["EVALCTL_CONFIG"]).write_text("\n".join(texts), encoding="utf-8")


ATTEMPTS = "SELECT job_id, attempt_no, worker, outcome, error_class FROM analytics_v1.attempts"
