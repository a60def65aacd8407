"""``evalctl up`` and ``down``: what runs, what is restarted, what is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.waiting import wait_until
from tests.support.installation import POLL_S, installation, left_of
from tests.support.processes import ROOT, evalctl, evalctl_json

MODEL = '[models.fake]\nengine = "synthetic"\nsource = "simulated"\noptions = { ttft_ms = 20 }\n'


@pytest.fixture
def user(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give a user with an EVALCTL_HOME of his own; nothing of it may run when the test ends."""
    config = tmp_path / "evalctl.toml"
    config.write_text(MODEL, encoding="utf-8")
    with installation(tmp_path) as environment:
        yield environment | {"EVALCTL_CONFIG": str(config)}


def workers(user: dict[str, str]) -> list[dict[str, Any]]:
    return list(evalctl_json(user, "status")["workers"])


def test_up_runs_jobs_restarts_a_killed_worker_and_down_leaves_nothing(
    user: dict[str, str],
) -> None:
    up = [sys.executable, "-m", "orchestrator", "up", "--gpus", "none", "--cpu-workers", "1"]
    started = subprocess.run(
        up, env=user, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False
    )
    assert started.returncode == 0, started.stderr
    again = evalctl(user, "up").stdout
    assert "is already running" in again
    assert "drained" not in again
    submit = "submit --model fake --problems quickstart --repetitions 1 --watch"
    first = evalctl(user, submit)
    assert first.returncode == 0, first.stdout + first.stderr

    (before,) = workers(user)
    os.kill(int(before["worker"].split("-")[1].split("@")[0]), signal.SIGKILL)
    old = before["worker"]

    def replaced() -> bool:
        return [(row["worker"] == old, row["state"]) for row in workers(user)] == [(False, "idle")]

    # Sooner than its silence would be noticed.
    assert wait_until(replaced, 40, poll_s=POLL_S), workers(user)
    assert evalctl(user, submit, "--new").returncode == 0

    assert "supervisor" in evalctl(user, "down").stdout
    assert wait_until(lambda: not left_of(user), 10, poll_s=POLL_S)
    assert "nothing was running" in evalctl(user, "down").stdout
    assert [run["state"] for run in evalctl_json(user, "status")["runs"]] == [
        "succeeded",
        "succeeded",
    ], "the data outlives the processes"
