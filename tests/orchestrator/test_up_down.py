"""``evalctl up`` and ``down``: what runs, what is restarted, what is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from services.waiting import wait_until
from tests.support.processes import ROOT, evalctl, evalctl_json

MODEL = '[models.fake]\nengine = "synthetic"\nsource = "simulated"\noptions = { ttft_ms = 20 }\n'
#: Between two checks of every process of the machine, or of what a command says.
POLL_S = 0.5


@pytest.fixture
def user(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give a user with an EVALCTL_HOME of his own; nothing of it may run when the test ends."""
    config = tmp_path / "evalctl.toml"
    config.write_text(MODEL, encoding="utf-8")
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("EVALCTL_")
    }
    environment |= {"EVALCTL_HOME": str(tmp_path / "home"), "EVALCTL_CONFIG": str(config)}
    yield environment
    evalctl(environment, "down --force")
    for process in left_of(environment):
        process.kill()


def left_of(environment: dict[str, str]) -> list[psutil.Process]:
    """Return the processes that belong to a user's EVALCTL_HOME."""
    home, found = environment["EVALCTL_HOME"], []
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("EVALCTL_HOME") == home or home in " ".join(
                process.cmdline()
            )
            if mine and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


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
    assert "is already running" in evalctl(user, "up").stdout
    submit = "submit --model fake --problems quickstart --repetitions 1 --watch"
    first = evalctl(user, submit)
    assert first.returncode == 0, first.stdout + first.stderr

    (before,) = workers(user)
    os.kill(int(before["worker"].split("-")[1].split("@")[0]), signal.SIGKILL)
    old = before["worker"]
    assert wait_until(
        lambda: [r for r in workers(user) if r["worker"] != old and r["state"] == "idle"],
        60,
        poll_s=POLL_S,
    )
    assert evalctl(user, submit, "--new").returncode == 0

    assert "supervisor" in evalctl(user, "down").stdout
    assert wait_until(lambda: not left_of(user), 10, poll_s=POLL_S)
    assert "nothing was running" in evalctl(user, "down").stdout
    assert [run["state"] for run in evalctl_json(user, "status")["runs"]] == [
        "succeeded",
        "succeeded",
    ], "the data outlives the processes"


@pytest.mark.vllm
def test_ctrl_c_in_a_quickstart_leaves_no_process_and_no_open_job(
    user: dict[str, str], embedded_home: Path
) -> None:
    home = Path(user["EVALCTL_HOME"])
    home.mkdir()
    (home / "models").symlink_to(embedded_home / "models")
    command = [sys.executable, "-m", "orchestrator", "quickstart"]
    process = subprocess.Popen(
        command, env=user, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert wait_until(
        lambda: process.poll() is not None or [p for p in left_of(user) if "VLLM" in p.name()],
        120,
        poll_s=POLL_S,
    )
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 4, said
    assert "Traceback" not in said
    assert wait_until(lambda: not left_of(user), 10, poll_s=POLL_S)
    runs = {run["name"]: run["state"] for run in evalctl_json(user, "status")["runs"]}
    # The written answers may have been scored before the engine started.
    assert runs.pop("quickstart-written") in ("succeeded", "cancelled")
    assert runs == {"quickstart": "cancelled"}
