"""The fleet of `bench.fleet.simulation` and its servers end with it, whatever ends it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from services.waiting import wait_until
from tests.support.processes import ROOT, children_of, lives, without_evalctl


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_simulation_that_is_ended_early_leaves_no_server_and_no_worker(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "bench.fleet.simulation", "--workers", "2", "--direct"]
    log = tmp_path / "log"
    with (
        log.open("w") as said,
        subprocess.Popen(
            command, cwd=ROOT, env=without_evalctl(), stdout=said, stderr=said
        ) as process,
    ):
        try:
            assert wait_until(lambda: fleet_of(process.pid) >= 2, 60, poll_s=0.2), log.read_text()
            started = [child for child, _ in children_of(process.pid)]
            assert any("postgres" in child.name() for child in started)
            process.send_signal(number)
            assert process.wait(60) == 1, log.read_text()
        finally:
            process.kill()
    assert wait_until(lambda: not [one for one in started if lives(one.pid)], 10)
    assert "Traceback" not in log.read_text()


def fleet_of(pid: int) -> int:
    """Return how many processes of the fleet run: they have the command of the simulation."""
    try:
        return sum("bench.fleet.simulation" in line for _, line in children_of(pid))
    except psutil.NoSuchProcess:
        return 0
