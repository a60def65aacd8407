"""Faults of a real engine: vLLM on the CPU with the tiny embedded model."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from core.sampling_params import SamplingParams
from core.settings import Settings
from db.runs.submissions import submit
from orchestrator.models.registry import load_registry
from tests.chaos.registry import CannotStage, Recovery, fault
from tests.support.deployment import Deployment, kill, since
from tests.support.jobs import quickstart, submission
from tests.support.oracle import keys_of, orphans
from tests.support.processes import LoggingProcess, children_of
from workers.bundled_model import ensure_embedded_model

#: A model on two busy cores takes its time.
START_S = 240.0
NOTICED_S = 5.0


@contextmanager
def _real_worker(deployment: Deployment, jobs: int) -> Iterator[LoggingProcess]:
    """Submit jobs of the embedded model and run a worker that serves them."""
    if importlib.util.find_spec("vllm") is None:
        raise CannotStage("vLLM is not installed (make setup)")
    ensure_embedded_model(Path(deployment.environment["EVALCTL_HOME"]), "smollm2")
    _submit(deployment, jobs)
    with deployment.worker(queue="vllm", EVALCTL_LEASE_S="8") as worker:
        yield worker


def _submit(deployment: Deployment, jobs: int) -> None:
    settings = Settings(home=Path(deployment.environment["EVALCTL_HOME"]))
    planned = submission(
        models=(load_registry(settings).get("smollm2"),),
        problems=quickstart()[:1],
        repetitions=jobs,
        sampling=SamplingParams(fixed_output_tokens=200, fixed_input_tokens=32, max_tokens=200),
    )
    deployment.keys += keys_of(submit(deployment.engine, planned).run_id, planned)


def _engine_processes(worker: LoggingProcess) -> list[psutil.Process]:
    """Return a worker's living descendants that are its engine's, without the orphan reaper."""
    children = children_of(worker.process.pid)
    return [child for child, line in children if "orphan_reaper" not in line]


def _core(worker: LoggingProcess) -> psutil.Process:
    """Return the engine's core: the child that has children, or the biggest."""
    return max(
        _engine_processes(worker),
        key=lambda process: (len(process.children()), process.memory_info().rss),
    )


@fault(
    "F2",
    "Engine core killed while it generates",
    staged="vLLM on the CPU; `kill -9` of the EngineCore process",
    holds=f"`ENGINE_DEAD` within {NOTICED_S:g} s; the worker starts another engine "
    "and the job runs again",
)
def engine_killed(deployment: Deployment) -> Recovery:
    """Kill the process in which vLLM generates."""
    with _real_worker(deployment, 2) as worker, deployment.reconciler():
        worker.wait_for("job.succeeded", within_s=START_S)
        worker.wait_for("job.claimed")
        _core(worker).kill()
        moment_s = time.monotonic()
        failed = worker.wait_for("job.failed", error_class="ENGINE_DEAD", within_s=NOTICED_S)
        noticed_s = since(moment_s)
        assert failed["state"] == "queued"
        seconds = deployment.until_finished(within_s=START_S, since_s=moment_s)
        assert worker.stop(within_s=90) == 0
    note = f"noticed after {noticed_s:.1f} s"
    return Recovery(seconds=seconds, span="kill -> job committed by another engine", note=note)


@fault(
    "F18",
    "Worker of a real engine killed, its engine orphaned",
    staged="vLLM on the CPU; `kill -9` of the worker alone",
    holds="the orphan reaper ends every process of the engine; a new worker finishes the job",
)
def engine_orphaned(deployment: Deployment) -> Recovery:
    """Kill the parent of vLLM's processes."""
    with _real_worker(deployment, 2) as worker, deployment.reconciler():
        worker.wait_for("job.succeeded", within_s=START_S)
        worker.wait_for("job.claimed")
        left = _engine_processes(worker)
        moment_s = kill(worker)
        ended, alive = psutil.wait_procs(left, timeout=15)
        cleaned_s = since(moment_s)
        assert not alive, f"{alive} outlived the worker"
        marks = {
            row["id"].hex: row["pid"] for row in deployment.query("SELECT id, pid FROM eval.worker")
        }
        assert orphans(marks) == []
        with deployment.worker(queue="vllm", EVALCTL_LEASE_S="8") as second:
            seconds = deployment.until_finished(within_s=START_S, since_s=moment_s)
            assert second.stop(within_s=90) == 0
    return Recovery(
        seconds=seconds,
        span="kill -> job committed by another worker, engine start included",
        note=f"{len(ended)} processes of the engine ended after {cleaned_s:.1f} s",
    )
