"""A real worker on a made-up card searches on a smaller one: what it holds is there meanwhile, and gone however it ends."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from db.outbox import publish_outbox
from db.submissions import Submission, submit
from tests.processes import LoggingProcess
from tests.stored import query, take_back
from tests.workers.test_card_worker import gpu_worker, on_card, set_card
from tests.workers.test_emulation import BASE_MIB, TOTAL_MIB, cuda

__all__ = ["cuda", "on_card", "set_card"]

LIMIT_MIB = 10_000
INSTANCES = {
    "kind": "instances",
    "max_level": 4,
    "trials": 2,
    "hold_s": 0.2,
    "input_tokens": 4,
    "output_tokens": 2,
    "memory_limit_mib": LIMIT_MIB,
}


@pytest.fixture
def search(engine: Engine, broker: HintBroker) -> Callable[..., None]:
    """Submit one search of a synthetic model and publish its hint."""

    def run(probe: dict[str, Any], **options: Any) -> None:
        model = ModelSpec(
            name="fake", engine="synthetic", source="made-up", queue="synthetic", options=options
        )
        submission = Submission(
            name="run",
            experiment_hash="e",
            experiment={},
            provenance={},
            models=(model,),
            problems=(),
            prompts=(probe["kind"],),
            repetitions=1,
            mode="latency",
            sampling=SamplingParams(),
            probe=probe,
        )
        submit(engine, submission)
        publish_outbox(engine, broker)

    return run


@pytest.fixture
def on_cuda(on_card: dict[str, str], cuda: Path) -> dict[str, str]:
    """Give the environment in which processes that a worker starts find the made-up driver as well."""
    return on_card | {"LD_LIBRARY_PATH": str(cuda)}


def holders(process: LoggingProcess) -> list[psutil.Process]:
    children = psutil.Process(process.process.pid).children()
    return [child for child in children if "workers.probes.ballast_process" in child.cmdline()]


def told_by(guard: str) -> list[int]:
    """Return what living processes say they hold of the made-up card, in MiB."""
    files = Path(guard).parent.glob("card.json.*.mib")
    return [
        int(file.read_text(encoding="utf-8"))
        for file in files
        if psutil.pid_exists(int(file.name.split(".")[-2]))
    ]


def test_a_search_on_a_smaller_card_is_labelled_and_gives_the_card_back(
    on_cuda: dict[str, str], engine: Engine, search: Callable[..., None]
) -> None:
    search(INSTANCES, fail={"start": "INIT_FREE_MEM", "engines": 2})
    with gpu_worker(on_cuda) as process:
        emulated = process.wait_for("gpu.emulated", limit_mib=LIMIT_MIB)
        assert emulated["held_mib"] == pytest.approx(TOTAL_MIB - LIMIT_MIB, abs=4)
        assert emulated["base_mib"] == BASE_MIB
        process.wait_for("job.succeeded")
        assert told_by(on_cuda["MADE_UP_CARD"]) == []
        assert process.stop() == 0, process.tail()
    (found,) = query(engine, "SELECT * FROM analytics_v1.probe_thresholds")
    assert (found["max_stable"], found["first_failure"], found["limited_by"]) == (2, 3, "memory")
    assert (found["emulated"], found["memory_limit_mib"], found["gpu"]) == (
        True,
        LIMIT_MIB,
        "made-up",
    )
    (details,) = query(
        engine, "SELECT DISTINCT details -> 'limit_mib' AS mib FROM eval.probe_point"
    )
    assert details == {"mib": LIMIT_MIB}


def test_a_card_too_small_for_the_limit_fails_the_job_for_good(
    on_cuda: dict[str, str], engine: Engine, search: Callable[..., None]
) -> None:
    search(INSTANCES | {"memory_limit_mib": 2 * TOTAL_MIB})
    with gpu_worker(on_cuda) as process:
        process.wait_for("job.failed", state="failed", error_class="MEMORY_LIMIT")
        assert process.stop() == 0, process.tail()
    assert query(engine, "SELECT count(*) AS n FROM eval.probe_point") == [{"n": 0}]


def test_a_killed_worker_leaves_nothing_on_the_card_and_the_search_goes_on(
    on_cuda: dict[str, str], engine: Engine, broker: HintBroker, search: Callable[..., None]
) -> None:
    search(INSTANCES | {"hold_s": 1.0}, fail={"start": "INIT_FREE_MEM", "engines": 2})
    with gpu_worker(on_cuda) as process:
        process.wait_for("probe.point", tried=1, trial=2)
        (holder,) = holders(process)
        process.stop(signal.SIGKILL)
        holder.wait(10)
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
