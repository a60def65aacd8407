"""One engine on one GPU and on two, through the queue; what a kill leaves on either GPU.

Run ``python -m bench.group_gpu OUT [PART...]`` on a host with two NVIDIA GPUs.

Shapes of DeepSeek-R1-Distill-Qwen-7B and Qwen3-32B in AWQ 4-bit group 128 with dummy weights:
memory and speed are real, the text is not. Without parts, all but those of ``NAMED`` run. A part
for which too little of ``DEADLINE_S`` is left is left out and named.
Each part writes OUT/group.json again, which is also printed at the end.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.gpu_host import NO_MULTICAST, QWEN3_4B_AWQ, Host, say, write_shape
from bench.gpu_need import R1_7B_AWQ
from core.gpus import list_gpus, nvml
from workers.gpu.nvml import NvmlReader
from workers.lifecycle.marked_processes import MARK_VARIABLE, TOKEN_VARIABLE, variables

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
    "s2": ("tensor", 2, None),
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
#: GPU memory is back at its base within this many MiB.
NEAR_MIB = 100.0
BACK_WITHIN_S = 10.0
WATCHED_S = 20.0

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
_GENERATIONS = """
SELECT model, ttft_ms, tpot_ms, e2e_s, need_mib, kv_used_mib, nvml_peak_mib, power_w, flags
  FROM analytics_v1.generations WHERE run = '{run}' ORDER BY job_id
"""
_GPUS = """
SELECT model, place, count(*) AS results, min(need_mib) AS need_min, max(need_mib) AS need_mib,
       max(nvml_peak_mib) AS nvml_peak_mib
  FROM analytics_v1.generation_gpus WHERE run = '{run}' GROUP BY model, place ORDER BY model, place
"""
_STARTS = """
SELECT m.name AS model, b.id, b.start_s, b.config ->> 'tensor_parallel_size' AS ranks,
       b.context_mib, b.weights_mib, b.buffers_mib, b.activation_peak_mib, b.graphs_mib,
       b.kv_reserved_mib, b.kv_blocks, b.kv_block_bytes, b.gpu_memory, b.memory_reasons,
       b.backend_facts, b.warm_up
  FROM eval.boot b JOIN eval.model m ON m.id = b.model_id ORDER BY b.id
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


def rank_killed(bench: Bench) -> dict[str, Any]:
    """Kill one rank during a job: both GPUs come back, and the job has one result."""
    with _long_job(bench, "rank-killed") as worker_pid:
        ranks = _ranks(worker_pid)
        say(f"ranks of worker {worker_pid}: {ranks}")
        if not ranks:
            raise RuntimeError("no rank was found")
        found = _kill(bench, ranks[-1], _marked(TOKEN_VARIABLE, of=ranks[-1]))
    return found | {"ranks": len(ranks)} | _attempts(bench, "rank-killed")


def worker_killed(bench: Bench) -> dict[str, Any]:
    """Kill the worker during a job: no rank stays, and another worker has the one result."""
    with _long_job(bench, "worker-killed") as worker_pid:
        found = _kill(bench, worker_pid, _marked(MARK_VARIABLE, of=_any_child(worker_pid)))
    return found | _attempts(bench, "worker-killed")


@contextmanager
def _long_job(bench: Bench, run: str) -> Iterator[int]:
    """Run the block while a long job has its engine; then wait until the job is done."""
    bench.up("0+1")
    lengths = "256:3500"
    bench.submit(run, ["r1-7b-x2"], lengths, 1)
    busy = "SELECT pid FROM eval.worker WHERE state = 'busy'"
    bench.host.wait(f"{run} runs", lambda: bench.query(busy), min(150.0, bench.left_s))
    threading.Event().wait(2.0)
    yield int(bench.query(busy)[0]["pid"])
    bench.done(run, min(200.0, bench.left_s))


def _kill(bench: Bench, pid: int, started: set[int]) -> dict[str, Any]:
    """Kill a process; return when each GPU was back at its base and what then still ran."""
    before_mib = bench.used_mib()
    say(f"kill -9 {pid}; used {[round(mib) for mib in before_mib]} MiB; with it ran {started}")
    killed_s = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    back_s: list[float | None] = [None for _ in bench.gpus]
    ended_s: float | None = None
    pause = threading.Event()
    with nvml():
        readers = [NvmlReader(gpu.uuid) for gpu in bench.gpus]
        while time.monotonic() - killed_s < WATCHED_S and (None in back_s or ended_s is None):
            for place, reader in enumerate(readers):
                near = reader.total_used_mib() <= bench.base_mib[place] + NEAR_MIB
                if near and back_s[place] is None:
                    back_s[place] = round(time.monotonic() - killed_s, 2)
            if ended_s is None and not any(_lives(one) for one in started):
                ended_s = round(time.monotonic() - killed_s, 2)
            pause.wait(0.02)
    found = {
        "used_before_mib": [round(mib) for mib in before_mib],
        "gpus_back_s": back_s,
        "processes_ended_s": ended_s,
        "processes": len(started),
        "passed": ended_s is not None
        and all(back is not None and back <= BACK_WITHIN_S for back in back_s),
    }
    say(f"after the kill: {found}")
    return found


def _attempts(bench: Bench, run: str) -> dict[str, Any]:
    attempts = bench.query(f"{ATTEMPTS} WHERE run = '{run}' ORDER BY attempt_no")
    results = bench.query(f"SELECT job_id FROM analytics_v1.generations WHERE run = '{run}'")
    say(f"{run}: {attempts}, {len(results)} result(s)")
    return {"attempts": attempts, "results": len(results), "one_result": len(results) == 1}


def _ranks(worker_pid: int) -> list[int]:
    """Return vLLM's rank processes: they carry the engine's mark and have no child that does."""
    marked = [
        child
        for child in psutil.Process(worker_pid).children(recursive=True)
        if TOKEN_VARIABLE in variables(child.pid)
    ]
    named = [child.pid for child in marked if "Worker" in _title(child)]
    parents = {child.ppid() for child in marked}
    return sorted(named or [child.pid for child in marked if child.pid not in parents])


def _title(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return f"{process.name()} {' '.join(process.cmdline())}"
    return ""


def _any_child(pid: int) -> int:
    """Return a child that carries the worker's mark."""
    children = psutil.Process(pid).children(recursive=True)
    return next(one.pid for one in children if MARK_VARIABLE in variables(one.pid))


def _marked(variable: str, *, of: int) -> set[int]:
    """Return the processes that carry the same value of a variable as one of them."""
    value = variables(of).get(variable)
    return {pid for pid in psutil.pids() if value and variables(pid).get(variable) == value}


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def sequences_one(bench: Bench) -> dict[str, Any]:
    """Search how many sequences each shape serves on one GPU, both at the same time."""
    bench.up("0", "1")
    return _sequences(bench, [f"{name}-s1" for name in SHAPES], "sequences-one")


def sequences_two(bench: Bench) -> dict[str, Any]:
    """Search how many sequences each shape serves on both GPUs together."""
    bench.up("0+1")
    return _sequences(bench, [f"{name}-s2" for name in SHAPES], "sequences-two")


def _sequences(bench: Bench, models: Sequence[str], run: str) -> dict[str, Any]:
    """Search the most sequences, each GPU as one of 24 GiB."""
    named = [part for model in models for part in ("--model", model)]
    limits = ("--max-level", "256", "--trials", "1", "--memory-limit", "24GiB")
    search = (*limits, "--fixed-length", "1024:128", "--no-watch")
    bench.host.evalctl("probe", "sequences", *named, *search, "--name", run, within_s=60)
    with suppress(TimeoutError):
        bench.done(run, bench.left_s)
    columns = "model, max_stable, first_failure, reason, need_mib, peak_mib, analytic_bound"
    found = bench.query(f"SELECT {columns} FROM analytics_v1.probe_thresholds WHERE run = '{run}'")
    say(f"{run}: {found}")
    return {"thresholds": found}


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
#: Each part with the seconds that it takes at least; one that no longer fits is left out.
PARTS: Mapping[str, tuple[Callable[[Bench], dict[str, Any]], float]] = {
    "one_gpu": (one_gpu, 60.0),
    "two_gpus_7b": (two_gpus_7b, 60.0),
    "rank_killed": (rank_killed, 50.0),
    "worker_killed": (worker_killed, 60.0),
    "two_gpus_32b": (two_gpus_32b, 60.0),
    "pipeline_7b": (pipeline_7b, 60.0),
    "sequences_one": (sequences_one, 60.0),
    "sequences_two": (sequences_two, 60.0),
    "estimates": (estimates, 60.0),
}
#: Take some minutes more, and run when named.
NAMED: frozenset[str] = frozenset({"sequences_one", "sequences_two", "estimates", "pipeline_7b"})


def run_part(bench: Bench, name: str) -> None:
    """Run a part and keep what it found, or why it failed."""
    part, least_s = PARTS[name]
    if bench.left_s < least_s:
        bench.found["parts"][name] = {"left_out": f"{bench.left_s:.0f} s were left"}
        say(f"== {name} left out: {bench.left_s:.0f} s are left")
        return
    say(f"== {name}, {bench.left_s:.0f} s left: {(part.__doc__ or '').strip()}")
    began_s = time.monotonic()
    try:
        found = part(bench)
    except Exception as error:  # noqa: BLE001 - the other parts go on
        found = {"failed": f"{type(error).__name__}: {error}"}
        say(f"{name} failed: {found['failed']}")
    found["took_s"] = round(time.monotonic() - began_s, 1)
    bench.found["parts"][name] = found
    with suppress(Exception):
        bench.found["starts"] = bench.query(_STARTS)
        bench.found["energy"] = bench.query("SELECT * FROM analytics_v1.model_energy")
        bench.found["answer_energy"] = bench.query("SELECT * FROM analytics_v1.answer_energy")
    bench.write()
    with suppress(OSError):
        bench.keep_logs()


def end(bench: Bench) -> None:
    """Stop everything and say what stays on the GPUs."""
    with suppress(subprocess.TimeoutExpired):
        bench.host.evalctl("down", "--force", within_s=100)
    back_s = bench.host.wait(
        "both GPUs back at base after down",
        lambda: all(
            used <= base + NEAR_MIB
            for used, base in zip(bench.used_mib(), bench.base_mib, strict=True)
        ),
        20,
    )
    bench.found |= {"back_after_down_s": back_s, "used_after_mib": bench.used_mib()}


def main(arguments: Sequence[str]) -> int:
    """Run the parts; one that fails does not keep the others from running."""
    rehearsal = "--rehearse" in arguments
    out, *wanted = [one for one in arguments if one != "--rehearse"]
    Path(out).mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="evalctl-group-"))
    folder.chmod(0o755)
    bench = Bench(Path(out), folder, rehearsal=rehearsal)
    say(f"{bench.gpus}; used {bench.base_mib} MiB; {DEADLINE_S:.0f} s")
    try:
        for name in wanted or [name for name in PARTS if name not in NAMED]:
            run_part(bench, name)
    finally:
        end(bench)
        bench.write()
        sys.stdout.write(json.dumps(bench.found, default=str) + "\n")
    return 0 if all("failed" not in part for part in bench.found["parts"].values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
