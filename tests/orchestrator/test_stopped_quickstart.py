"""A quickstart that is stopped with Ctrl-C while its engine starts."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.waiting import wait_until
from tests.support.installation import POLL_S, installation, left_of
from tests.support.processes import ROOT, evalctl_json

pytestmark = pytest.mark.vllm


@pytest.fixture
def user(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give a user with an EVALCTL_HOME of his own; nothing of it may run when the test ends."""
    with installation(tmp_path) as environment:
        yield environment


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
