"""Faults of one worker: killed, frozen, out of memory, at any point of a job."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

from services.waiting import wait_until
from tests.chaos.registry import CannotStage, Recovery, fault
from tests.support.deployment import Deployment, kill, since
from tests.support.processes import LoggingProcess, children_of

#: Longest time from a worker's death to its job's next attempt: the lease, a tick, and a start on
#: a busy machine.
WITHIN_S = 45.0
AGAIN = "id = {} AND state = 'succeeded' AND attempt_no = 2"
LOST = "outcome = 'lost' AND error_class = 'LEASE_EXPIRED' AND attempt_no = 1"
COMMITTED = "kill -> its job committed by another worker"
#: Jobs long enough to be caught in the middle.
SLOW: dict[str, Any] = {"tokens": 60, "tpot_ms": 100}
_MEMORY_CGROUP = Path("/sys/fs/cgroup/memory")


def rerun_after(
    deployment: Deployment, first: LoggingProcess, number: int, *, group: bool = False
) -> Recovery:
    """End a worker during its job while another waits; return when the job is committed."""
    job_id = first.wait_for("job.claimed")["job_id"]
    with deployment.reconciler(), deployment.worker() as second:
        second.wait_for("worker.ready")
        deployment.submit(2, name="others")
        if group:
            _orphan_reaper(first).kill()
            os.killpg(first.process.pid, number)
        moment_s = kill(first, number)
        deployment.until(AGAIN.format(job_id), within_s=WITHIN_S)
        seconds = since(moment_s)
        deployment.until_finished()
        second.stop()
    assert deployment.count(LOST, "attempt") == 1
    return Recovery(seconds=seconds, span=COMMITTED)


@fault(
    "F1a",
    "Worker killed in the middle of a job",
    staged="`kill -9 PID`",
    holds="its attempt is `lost`; another worker runs the job after the lease; one result",
    short=True,
)
def worker_killed(deployment: Deployment) -> Recovery:
    deployment.submit(1, **SLOW)
    with deployment.worker() as first:
        return rerun_after(deployment, first, signal.SIGKILL)


@fault(
    "F1b",
    "Worker and all processes of its group killed",
    staged="`kill -9 -PGID`, and the orphan reaper first",
    holds="as F1a, with no process left to clean up after the worker",
)
def group_killed(deployment: Deployment) -> Recovery:
    """Kill the orphan reaper, which has its own session, and then the whole group."""
    deployment.submit(1, **SLOW)
    with deployment.worker(prefix=("setsid",)) as first:
        return rerun_after(deployment, first, signal.SIGKILL, group=True)


@fault(
    "F14a",
    "Worker crashes on a job",
    staged="`kill -SEGV PID` in the middle of a job",
    holds="as F1a",
)
def worker_crashed(deployment: Deployment) -> Recovery:
    """Do what a native extension does that reads a wrong address."""
    deployment.submit(1, **SLOW)
    with deployment.worker() as first:
        return rerun_after(deployment, first, signal.SIGSEGV)


@fault(
    "F15",
    "Kernel kills the worker for memory",
    staged="in the middle of a job into a memory cgroup that is then limited to 16 KiB",
    holds="as F1a",
)
def worker_out_of_memory(deployment: Deployment) -> Recovery:
    """Take away the memory of a worker: at its next page the kernel's killer ends it."""
    with _memory_cgroup() as group, ExitStack() as stack:
        deployment.submit(1, **SLOW)
        first = stack.enter_context(deployment.worker())
        stack.enter_context(deployment.reconciler())
        job_id = first.wait_for("job.claimed")["job_id"]
        second = stack.enter_context(deployment.worker())
        second.wait_for("worker.ready")
        (group / "cgroup.procs").write_text(str(first.process.pid))
        (group / "memory.limit_in_bytes").write_text("16384")
        assert first.process.wait(20) == -signal.SIGKILL
        moment_s = time.monotonic()
        deployment.until(AGAIN.format(job_id), within_s=WITHIN_S)
        seconds = since(moment_s)
        second.stop()
    return Recovery(seconds=seconds, span=COMMITTED)


@fault(
    "F3a",
    "Worker frozen past its lease while it generates",
    staged="`kill -STOP`, another worker commits, `kill -CONT`",
    holds="the late worker abandons its attempt and writes nothing",
    short=True,
)
def zombie_generating(deployment: Deployment) -> Recovery:
    deployment.submit(1, **SLOW)
    with deployment.reconciler(), deployment.worker() as zombie:
        job_id = zombie.wait_for("job.claimed")["job_id"]
        moment_s = kill(zombie, signal.SIGSTOP)
        with deployment.worker() as second:
            deployment.until(AGAIN.format(job_id), within_s=WITHIN_S)
            seconds = since(moment_s)
            kill(zombie, signal.SIGCONT)
            zombie.wait_for("job.lease_lost", job_id=job_id, attempt_no=1)
            second.stop()
        _serves_on(deployment, zombie)
    return Recovery(seconds=seconds, span="freeze -> its job committed by another worker")


@fault(
    "F3b",
    "Worker frozen past its lease with a finished result in hand",
    staged="`SIGSTOP` before the commit, another worker commits, `kill -CONT`",
    holds="the late commit changes no row and is reported as a lost lease",
)
def zombie_committing(deployment: Deployment) -> Recovery:
    """Let a worker freeze itself before its second commit, so that the late write is tried."""
    with deployment.worker(at="stop:before-commit") as zombie, deployment.reconciler():
        deployment.submit(2, tokens=5, tpot_ms=10)
        job_id = [zombie.wait_for("job.claimed")["job_id"] for _ in range(2)][1]
        assert wait_until(lambda: _stopped(zombie), WITHIN_S), "the worker did not freeze"
        moment_s = time.monotonic()
        with deployment.worker() as second:
            deployment.until(AGAIN.format(job_id), within_s=WITHIN_S)
            seconds = since(moment_s)
            second.stop()
        kill(zombie, signal.SIGCONT)
        zombie.wait_for("job.lease_lost", job_id=job_id, attempt_no=1)
        _serves_on(deployment, zombie)
    return Recovery(seconds=seconds, span="freeze -> its job committed by another worker")


def _serves_on(deployment: Deployment, worker: LoggingProcess) -> None:
    """Have a worker do one more job and end in order."""
    deployment.submit(1, name="afterwards")
    worker.wait_for("job.succeeded", model="afterwards")
    assert worker.stop() == 0


def _stopped(process: LoggingProcess) -> bool:
    return bool(psutil.Process(process.process.pid).status() == psutil.STATUS_STOPPED)


def _orphan_reaper(worker: LoggingProcess) -> psutil.Process:
    return next(child for child, line in children_of(worker.process.pid) if "orphan_reaper" in line)


@contextmanager
def _memory_cgroup() -> Iterator[Path]:
    group = _MEMORY_CGROUP / f"evalctl-chaos-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        raise CannotStage(f"no memory cgroup can be made: {error}") from error
    try:
        yield group
    finally:
        group.rmdir()


def _crash_point(point: str, fault_id: str, what: str) -> None:
    """Register the death of a worker at a named point of its second job."""

    @fault(
        fault_id,
        f"Worker dies {what}",
        staged=f"`SIGKILL` at the point `{point}` of its second job",
        holds="every job succeeds once",
        short=point in ("before-ack", "after-commit"),
    )
    def crash(deployment: Deployment) -> Recovery:
        with deployment.worker(at=f"kill:{point}") as first, deployment.reconciler():
            deployment.submit(3, tokens=5, tpot_ms=10)
            assert first.process.wait(30) == -signal.SIGKILL
            moment_s = time.monotonic()
            with deployment.worker() as second:
                seconds = deployment.until_finished(since_s=moment_s)
                second.stop()
        return Recovery(
            seconds=seconds, span="kill -> all its jobs committed", note=_attempts(deployment)
        )


def _attempts(deployment: Deployment) -> str:
    return f"{deployment.count('TRUE', 'attempt')} attempts for {len(deployment.keys)} jobs"


for _number, (_point, _what) in enumerate(
    {
        "before-ack": "with a hint in hand, before it is acknowledged",
        "before-claim": "before its claim",
        "after-claim": "between its claim and its first token",
        "mid-generate": "after the first token",
        "before-commit": "before its commit",
        "after-commit": "after its commit, before it says so",
    }.items()
):
    _crash_point(_point, f"F4{'abcdef'[_number]}", _what)
