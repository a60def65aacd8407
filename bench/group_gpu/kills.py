"""What a kill of a rank or of the worker leaves on either GPU, and what becomes of the job."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil

from bench.gpu_host import say
from bench.group_gpu.host import ATTEMPTS, Bench
from core.gpus import nvml
from workers.gpu.nvml import NvmlReader
from workers.lifecycle.marked_processes import MARK_VARIABLE, TOKEN_VARIABLE, variables

#: GPU memory is back at its base within this many MiB.
NEAR_MIB = 100.0
BACK_WITHIN_S = 10.0
WATCHED_S = 20.0


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
