"""A real worker process on a fake GPU: what it refuses, what it kills, when it is in quarantine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from tests.support.database import attempts, query, until
from tests.support.fake_nvml.pynvml import UUID
from tests.support.gpu_worker import SetGpu, gpu_worker
from tests.support.jobs import Enqueue
from tests.support.processes import evalctl
from workers.gpu.lock import LOCK_VARIABLE
from workers.lifecycle.marked_processes import MARK_VARIABLE


@contextmanager
def holder(**variables: str) -> Iterator[subprocess.Popen[str]]:
    """Run a process that the fake GPU can be made to list."""
    program = "import sys; print('up', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def test_an_orphan_of_a_dead_worker_is_killed_at_start(
    on_gpu: dict[str, str], set_gpu: SetGpu
) -> None:
    lock = str(Path(on_gpu["EVALCTL_HOME"]).resolve() / "gpus" / f"{UUID}.lock")
    with holder(**{MARK_VARIABLE: uuid.uuid4().hex, LOCK_VARIABLE: lock}) as orphan:
        set_gpu(processes={orphan.pid: 2048})
        with gpu_worker(on_gpu) as process:
            reclaimed = process.wait_for("gpu.reclaimed")
            process.wait_for("worker.ready", gpu=UUID)
            assert process.stop() == 0, process.tail()
        assert (reclaimed["pid"], reclaimed["used_mib"]) == (orphan.pid, 2048)
        assert orphan.wait(5) == -signal.SIGKILL


def test_a_stranger_is_refused_at_start_with_pid_and_memory(
    on_gpu: dict[str, str], set_gpu: SetGpu
) -> None:
    with holder() as stranger:
        set_gpu(processes={stranger.pid: 2048})
        with gpu_worker(on_gpu) as process:
            refused = process.wait_for("worker.refused")
            assert process.process.wait(30) == 2
        assert f"pid {stranger.pid} (" in refused["error"]
        assert "holds 2048 MiB" in refused["error"]
        assert stranger.poll() is None


def test_a_second_worker_on_the_gpu_is_refused(on_gpu: dict[str, str]) -> None:
    with gpu_worker(on_gpu) as first:
        first.wait_for("worker.ready")
        with gpu_worker(on_gpu) as second:
            refused = second.wait_for("worker.refused")
            assert second.process.wait(30) == 2
        assert f"used by another worker (pid {first.process.pid})" in refused["error"]
        assert first.stop() == 0, first.tail()


def test_an_xid_of_the_hardware_hands_the_job_back_and_the_worker_says_why(
    on_gpu: dict[str, str], set_gpu: SetGpu, engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(2, ttft_ms=60_000)
    with gpu_worker(on_gpu) as process:
        process.wait_for("job.claimed")
        set_gpu(xids=[31])
        process.wait_for("gpu.xid", xid=31)
        assert query(engine, "SELECT count(*) AS n FROM eval.job WHERE state = 'running'") == [
            {"n": 1}
        ]
        set_gpu(xids=[31, 79])
        process.wait_for("gpu.quarantined")
        process.wait_for("job.failed", error_class="GPU_QUARANTINED", state="queued")
        until(engine, "SELECT state FROM eval.worker", [{"state": "quarantined"}])
        assert "XID 79 (GPU has fallen off the bus)" in evalctl(on_gpu, "worker list").stdout
        assert process.process.poll() is None
        evalctl(on_gpu, "worker drain --all")
        assert process.process.wait(30) == 0, process.tail()
    assert attempts(engine) == [(1, "failed", "GPU_QUARANTINED")]


def test_a_result_carries_the_xid_that_came_while_it_was_made(
    on_gpu: dict[str, str], set_gpu: SetGpu, engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(2, ttft_ms=5000)
    with gpu_worker(on_gpu) as process:
        process.wait_for("engine.ready")
        until(engine, "SELECT state FROM eval.worker", [{"state": "busy"}])
        set_gpu(xids=[31])
        process.wait_for("gpu.xid", xid=31)
        process.wait_for("job.succeeded")
        process.wait_for("job.succeeded")
        assert process.stop() == 0, process.tail()
    assert query(engine, "SELECT flags FROM eval.generation ORDER BY job_id") == [
        {"flags": ["xid"]},
        {"flags": []},
    ]


def test_a_stranger_beside_a_running_engine_flags_the_results_made_meanwhile(
    on_gpu: dict[str, str], set_gpu: SetGpu, engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(3, ttft_ms=3000)
    with holder() as stranger, gpu_worker(on_gpu) as process:
        process.wait_for("job.succeeded")
        process.wait_for("job.claimed")
        set_gpu(processes={stranger.pid: 2048})
        shared = process.wait_for("gpu.shared")
        set_gpu()
        process.wait_for("job.succeeded")
        process.wait_for("job.succeeded")
        assert process.stop() == 0, process.tail()
    assert f"pid {stranger.pid} (" in shared["error"]
    found = query(engine, "SELECT flags FROM eval.generation ORDER BY job_id")
    flags = [row["flags"] for row in found]
    # On a slow machine the stranger comes only when the second has been checked.
    assert (flags[0], flags[2]) == ([], ["foreign_process"])
    assert flags[1] in ([], ["foreign_process"])
