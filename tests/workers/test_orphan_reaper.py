"""The orphan reaper: whatever way a worker dies, nothing that carries its mark is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from services.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]

WORKER = """
import os, subprocess, sys
from workers.lifecycle.orphan_reaper import start_orphan_reaper
mark = sys.argv[1]
os.environ["EVALCTL_WORKER"] = mark
reaper = start_orphan_reaper(mark)
sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
# A child in its own session, a grandchild whose parent has exited, and one that does not carry the
# mark.
child = subprocess.Popen(sleep, start_new_session=True)
spawn = (
    "import subprocess, sys; "
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], "
    "start_new_session=True, stdout=subprocess.DEVNULL); print(p.pid)"
)
orphan = int(subprocess.run([sys.executable, "-c", spawn], stdout=subprocess.PIPE).stdout)
print(reaper.pid, child.pid, orphan, flush=True)
sys.stdin.read()
reaper.close()
print("closed", flush=True)
"""


class Worker:
    """A worker process with its reaper, a child and an orphaned grandchild, all asleep."""

    def __init__(self, mark: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WORKER), mark],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        orphan_reaper, child, orphan = map(int, self.process.stdout.readline().split())
        self.orphan_reaper = psutil.Process(orphan_reaper)
        self.left = [psutil.Process(child), psutil.Process(orphan)]


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker(uuid.uuid4().hex)
    yield worker
    for process in [worker.orphan_reaper, *worker.left]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    worker.process.kill()
    worker.process.wait()
    for stream in (worker.process.stdin, worker.process.stdout):
        assert stream is not None
        stream.close()


def test_worker_killed_hard_leaves_nothing(worker: Worker) -> None:
    assert all(process.is_running() for process in worker.left)
    worker.process.kill()
    worker.process.wait()
    exited, alive = psutil.wait_procs([*worker.left, worker.orphan_reaper], timeout=5)
    assert alive == []
    assert len(exited) == 3


def test_a_clean_exit_ends_the_reaper_and_what_was_left(worker: Worker) -> None:
    assert worker.process.stdin is not None
    assert worker.process.stdout is not None
    worker.process.stdin.close()
    assert worker.process.stdout.readline() == "closed\n"
    assert (
        not worker.orphan_reaper.is_running()
        or worker.orphan_reaper.status() == psutil.STATUS_ZOMBIE
    )
    _, alive = psutil.wait_procs(worker.left, timeout=5)
    assert alive == []
    assert worker.process.wait(5) == 0


def test_others_are_spared(worker: Worker) -> None:
    stranger = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"],
        stdin=subprocess.PIPE,
        env={**os.environ, "EVALCTL_WORKER": "another-worker"},
    )
    worker.process.kill()
    worker.process.wait()
    psutil.wait_procs([worker.orphan_reaper], timeout=5)
    assert stranger.poll() is None
    stranger.communicate()


def ignores(pid: int, number: int) -> bool:
    """Return whether a process ignores a signal (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (mask,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigIgn:"))
    return bool(int(mask, 16) >> (number - 1) & 1)


def test_the_reaper_ignores_polite_signals_and_has_its_own_session(worker: Worker) -> None:
    assert os.getsid(worker.orphan_reaper.pid) == worker.orphan_reaper.pid
    polite = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    # Its interpreter takes a moment to start; until then a signal ends it as any other.
    assert wait_until(lambda: all(ignores(worker.orphan_reaper.pid, one) for one in polite), 10.0)
    for number in polite:
        worker.orphan_reaper.send_signal(number)
    worker.process.kill()
    worker.process.wait()
    _, alive = psutil.wait_procs(worker.left, timeout=5)
    assert alive == []


def test_the_reaper_does_not_carry_the_mark(worker: Worker) -> None:
    assert "EVALCTL_WORKER" not in worker.orphan_reaper.environ()
