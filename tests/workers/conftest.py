"""What a worker finds beside it: a reconciler, jobs, a fake GPU, other processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from db.queue.claims import ClaimedJob
from db.runs.submissions import Submitted, submit
from orchestrator.upkeep.reconciler import Reconciler
from tests.support.fake_gpu import ASLEEP, Start
from tests.support.fake_host import QUEUE, spec
from tests.support.gpu_worker import FAKE_CUDA, FAKE_NVML, SetGpu
from tests.support.jobs import PROBLEM, Enqueue, claim_one, publish, register, submission
from tests.support.jobs import spec as synthetic
from tests.support.processes import ROOT
from tests.support.shared_library import compile_library


@pytest.fixture
def reconciler(engine: Engine, broker: HintBroker) -> Iterator[None]:
    """Reconcile in the background, as every installation does."""
    stop = threading.Event()
    thread = threading.Thread(
        target=Reconciler(engine, broker, tick_s=0.1, stale_hint_s=1.0).run, args=(stop,)
    )
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.fixture
def enqueue(engine: Engine, broker: HintBroker) -> Enqueue:
    """Submit a number of jobs of one synthetic model and publish their hints."""

    def run(jobs: int, **options: Any) -> Submitted:
        return publish(engine, broker, models=(synthetic(**options),), repetitions=jobs)

    return run


@pytest.fixture
def set_gpu(tmp_path: Path) -> SetGpu:
    """Set the state of the fake GPU, atomically."""

    def run(**state: Any) -> None:
        fresh = tmp_path / "gpu.fresh"
        fresh.write_text(json.dumps(state), encoding="utf-8")
        fresh.replace(tmp_path / "gpu.json")

    run()
    return run


@pytest.fixture
def on_gpu(environment: dict[str, str], tmp_path: Path, set_gpu: SetGpu) -> dict[str, str]:
    """Give the environment in which a worker finds the fake GPU."""
    assert set_gpu is not None
    return environment | {"PYTHONPATH": str(FAKE_NVML), "FAKE_GPU": str(tmp_path / "gpu.json")}


@pytest.fixture
def start() -> Iterator[Start]:
    """Start processes that do nothing, with these variables in their environment."""
    with ExitStack() as stack:

        def run(program: str = ASLEEP, *arguments: str, **variables: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", program, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=ROOT,
                env={**os.environ, **variables},
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            stack.enter_context(process.stdin or ExitStack())
            stack.enter_context(process.stdout or ExitStack())
            return process

        yield run


@pytest.fixture
def worker_id(engine: Engine) -> uuid.UUID:
    """Register a GPU worker and return its id."""
    return register(engine, device="cuda", queues=(QUEUE,))


@pytest.fixture
def claimed(engine: Engine, worker_id: uuid.UUID) -> Callable[..., ClaimedJob]:
    """Return what submits a run of one job of a model and claims it."""

    def take(model: ModelSpec | None = None) -> ClaimedJob:
        name = uuid.uuid4().hex
        named = {"name": name, "experiment_hash": name, "models": (model or spec(),)}
        one = {"problems": (PROBLEM,), "repetitions": 1, "sampling": SamplingParams()}
        submit(engine, submission(**named, **one))
        job = claim_one(engine, worker_id=worker_id, queues=(QUEUE,))
        assert job is not None
        return job

    return take


@pytest.fixture(scope="session")
def cuda(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the fake driver and return its folder."""
    folder = tmp_path_factory.mktemp("cuda")
    compile_library(FAKE_CUDA, folder / "libcuda.so.1")
    return folder
