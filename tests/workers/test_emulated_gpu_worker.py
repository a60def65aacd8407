"""A real worker on a fake GPU searches on a smaller one, and leaves no ballast however it ends."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from tests.support.database import query, take_back
from tests.support.fake_nvml.pynvml import BASE_MIB, TOTAL_MIB
from tests.support.gpu_worker import gpu_worker
from tests.support.jobs import publish_search, spec
from tests.support.processes import LoggingProcess, children_of

LIMIT_MIB = 10_000
LENGTHS = {"input_tokens": 4, "output_tokens": 2, "memory_limit_mib": LIMIT_MIB}
INSTANCES = {"kind": "instances", "max_level": 4, "trials": 2, "hold_s": 0.2, **LENGTHS}


@pytest.fixture
def search(engine: Engine, broker: HintBroker) -> Callable[..., None]:
    """Submit one search of a synthetic model and publish its hint."""

    def run(probe: dict[str, Any], **options: Any) -> None:
        publish_search(engine, broker, probe, models=(spec(**options),))

    return run


@pytest.fixture
def on_cuda(on_gpu: dict[str, str], cuda: Path) -> dict[str, str]:
    """Give the environment in which a worker's processes find the fake driver as well."""
    return on_gpu | {"LD_LIBRARY_PATH": str(cuda)}


def ballast_processes(process: LoggingProcess) -> list[psutil.Process]:
    children = children_of(process.process.pid)
    return [child for child, line in children if "workers.probes.ballast_process" in line]


def held_mib(gpu: str) -> list[int]:
    """Return the MiB that living processes hold of the fake GPU."""
    files = Path(gpu).parent.glob("gpu.json.*.mib")
    return [
        int(file.read_text(encoding="utf-8"))
        for file in files
        if psutil.pid_exists(int(file.name.split(".")[-2]))
    ]


def test_a_search_on_a_smaller_gpu_is_labelled_and_gives_the_gpu_back(
    on_cuda: dict[str, str], engine: Engine, search: Callable[..., None]
) -> None:
    search(INSTANCES, fail={"start": "INIT_FREE_MEM", "engines": 2})
    with gpu_worker(on_cuda) as process:
        emulated = process.wait_for("gpu.emulated", limit_mib=LIMIT_MIB)
        assert emulated["held_mib"] == pytest.approx(TOTAL_MIB - LIMIT_MIB, abs=4)
        assert emulated["base_mib"] == pytest.approx(BASE_MIB)
        process.wait_for("job.succeeded")
        assert held_mib(on_cuda["FAKE_GPU"]) == []
        assert process.stop() == 0, process.tail()
    (found,) = query(engine, "SELECT * FROM analytics_v1.probe_thresholds")
    assert (found["max_stable"], found["first_failure"], found["limited_by"]) == (2, 3, "memory")
    assert (found["emulated"], found["memory_limit_mib"]) == (True, LIMIT_MIB)
    assert found["gpu"] == "fake"
    (details,) = query(
        engine, "SELECT DISTINCT details -> 'limit_mib' AS mib FROM eval.probe_point"
    )
    assert details == {"mib": LIMIT_MIB}


def test_a_limit_above_the_gpus_size_fails_the_job_for_good(
    on_cuda: dict[str, str], engine: Engine, search: Callable[..., None]
) -> None:
    search(INSTANCES | {"memory_limit_mib": 2 * TOTAL_MIB})
    with gpu_worker(on_cuda) as process:
        process.wait_for("job.failed", state="failed", error_class="MEMORY_LIMIT")
        assert process.stop() == 0, process.tail()
    assert query(engine, "SELECT count(*) AS n FROM eval.probe_point") == [{"n": 0}]


def test_a_killed_worker_leaves_nothing_on_the_gpu_and_the_search_resumes(
    on_cuda: dict[str, str], engine: Engine, broker: HintBroker, search: Callable[..., None]
) -> None:
    search(INSTANCES | {"hold_s": 1.0}, fail={"start": "INIT_FREE_MEM", "engines": 2})
    with gpu_worker(on_cuda) as process:
        process.wait_for("probe.point", tried=1, trial=2)
        (ballast,) = ballast_processes(process)
        process.stop(signal.SIGKILL)
        ballast.wait(10)
    before = query(engine, "SELECT level, trial, outcome FROM eval.probe_point ORDER BY ordinal")
    assert before[-1] == {"level": 1, "trial": 2, "outcome": "stable"}
    take_back(engine, broker)
    with gpu_worker(on_cuda) as process:
        process.wait_for("gpu.emulated")
        process.wait_for("job.succeeded", attempt_no=2)
        assert process.stop() == 0, process.tail()
    points = query(engine, "SELECT level, trial, outcome FROM eval.probe_point ORDER BY ordinal")
    ramp = [(1, "stable"), (2, "stable"), (3, "failed")]
    assert [(p["trial"], p["level"], p["outcome"]) for p in points] == [
        (n, *level) for n in (1, 2) for level in ramp
    ]
    assert query(engine, "SELECT max_stable FROM analytics_v1.probe_thresholds") == [
        {"max_stable": 2}
    ]
