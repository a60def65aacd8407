"""A real worker under deploy/slurm/worker.sbatch, with Slurm's signals played by stand-ins."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from core.sampling_params import SamplingParams
from db.queue.outbox import publish_outbox
from db.runs.submissions import submit
from tests.support.batch_job import SCRIPT, STAND_INS, batch_job, write_settings
from tests.support.database import attempts, query
from tests.support.debian_packages import program_or_skip
from tests.support.fake_nvml.pynvml import UUID
from tests.support.jobs import quickstart, spec, submission
from tests.support.oracle import JobKey, check, keys_of
from tests.support.processes import run_program
from workers.lifecycle.shutdown import GRACE_S, HAND_BACK_WITHIN_S

ON_CPU = ("--cpu", "--queue", "synthetic")
TEXT = SCRIPT.read_text(encoding="utf-8")


@pytest.fixture
def settings(tmp_path: Path, environment: dict[str, str]) -> Path:
    """Write the file of settings of a cluster that uses the test's servers."""
    return write_settings(tmp_path, environment)


def enqueue(engine: Engine, broker: HintBroker, jobs: int, **options: Any) -> list[JobKey]:
    """Submit jobs of one synthetic model and publish their hints; return their keys."""
    wanted = submission(
        models=(spec(**options),),
        problems=quickstart()[:1],
        repetitions=jobs,
        sampling=SamplingParams(),
    )
    submitted = submit(engine, wanted)
    publish_outbox(engine, broker)
    return keys_of(submitted.run_id, wanted)


def test_before_the_time_limit_the_running_job_ends_and_nothing_is_lost(
    environment: dict[str, str], settings: Path, engine: Engine, broker: HintBroker
) -> None:
    keys = enqueue(engine, broker, 4, tokens=20, tpot_ms=100)
    with batch_job(environment, settings, *ON_CPU) as first:
        first.shell.wait_for("job.claimed")
        assert first.before_the_limit() == 0, first.shell.tail()
    assert attempts(engine) == [(1, "succeeded", None)]
    assert check(engine, expected_keys=keys, settled=False) == []

    with batch_job(environment, settings, *ON_CPU, job_id=102) as second:
        for _ in range(3):
            second.shell.wait_for("job.succeeded")
        assert second.before_the_limit() == 0, second.shell.tail()
    assert attempts(engine) == [(1, "succeeded", None)] * 4
    assert check(engine, expected_keys=keys) == []


def test_a_cancelled_job_hands_its_work_back_before_slurm_kills_it(
    environment: dict[str, str], settings: Path, engine: Engine, broker: HintBroker
) -> None:
    keys = enqueue(engine, broker, 1, ttft_ms=60_000)
    with batch_job(environment, settings, *ON_CPU) as job:
        job.shell.wait_for("job.claimed")
        assert job.cancel() == 0, job.shell.tail()
    assert attempts(engine) == [(1, "failed", "DRAINED")]
    assert query(engine, "SELECT state FROM eval.job") == [{"state": "queued"}]
    assert check(engine, expected_keys=keys, settled=False) == []


def test_one_signal_drains_the_workers_of_all_tasks(
    environment: dict[str, str], settings: Path, engine: Engine
) -> None:
    with batch_job(environment, settings, *ON_CPU, gpus=("0", "1")) as job:
        job.shell.wait_for("worker.ready")
        job.shell.wait_for("worker.ready")
        assert job.before_the_limit() == 0, job.shell.tail()
    states = query(engine, "SELECT state FROM eval.worker")
    assert states == [{"state": "stopped"}] * 2


def test_a_worker_takes_the_gpu_that_slurm_gave_its_task(
    on_gpu: dict[str, str], settings: Path
) -> None:
    with batch_job(on_gpu, settings, "--queue", "synthetic", gpus=("0",)) as job:
        job.shell.wait_for("worker.ready", gpu=UUID)
        assert job.before_the_limit() == 0, job.shell.tail()


@pytest.mark.parametrize("gpus", ["", "0,1", "MIG-7"])
def test_a_task_without_exactly_one_gpu_is_refused(
    environment: dict[str, str], settings: Path, gpus: str
) -> None:
    with batch_job(environment, settings, gpus=(gpus,)) as job:
        assert job.shell.process.wait(30) == 2
        job.shell.stop()
    assert "sbatch --gpus-per-task=1" in job.shell.tail()


def test_settings_that_are_missing_or_that_others_may_read_are_refused(
    environment: dict[str, str], tmp_path: Path
) -> None:
    for path, cure in (
        (tmp_path / "none.env", "CLUSTER_ENV"),
        (write_settings(tmp_path, environment, mode=0o640), "chmod 600"),
    ):
        with batch_job(environment, path, *ON_CPU) as job:
            assert job.shell.process.wait(30) == 2
            job.shell.stop()
        assert cure in job.shell.tail()


def test_slurm_signals_early_enough_for_grace_and_handing_back() -> None:
    (lead_s,) = re.findall(r"^#SBATCH --signal=B:TERM@(\d+)$", TEXT, re.MULTILINE)

    assert int(lead_s) >= GRACE_S + HAND_BACK_WITHIN_S + 60


def test_no_command_stands_before_the_options_of_sbatch() -> None:
    # Slurm stops reading them at the first line that is neither blank nor a comment.
    head = re.split(r"^(?!#|$)", TEXT, maxsplit=1, flags=re.MULTILINE)[0]

    assert head.count("\n#SBATCH --") == TEXT.count("#SBATCH")


@pytest.mark.parametrize("path", [SCRIPT, *sorted(STAND_INS.iterdir())], ids=lambda path: path.name)
def test_shellcheck_finds_nothing(path: Path) -> None:
    checked = run_program(program_or_skip("shellcheck"), "--severity=style", path, timeout=60)

    assert checked.returncode == 0, checked.stdout + checked.stderr
