"""Faults that show only with several processes: poison, rolling restarts, two reconcilers."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from orchestrator.upkeep.reconciler import FROZEN_S
from tests.chaos.registry import Recovery, fault
from tests.support.deployment import Deployment, kill, since
from tests.support.processes import LoggingProcess
from workers.lifecycle.lease import HUNG

SLOW: dict[str, Any] = {"tokens": 10, "tpot_ms": 100}
IN_CHARGE = "reconciler is active"
#: Patience of the workers with a silent engine in place of 120 s.
SILENCE_S = "3"


def _fails_everywhere(deployment: Deployment, failure: str, **environment: str) -> Recovery:
    """Let a job fail alike on one worker after another while others run; it ends as poison."""
    deployment.submit(1, name="poison", fail={"class": failure})
    with deployment.reconciler():
        with deployment.worker(**environment) as first:
            first.wait_for("job.failed", state="queued")
            moment_s = time.monotonic()
            first.stop()
        with deployment.worker(**environment) as second:
            second.wait_for("job.failed", state="dead")
            seconds = since(moment_s)
            deployment.submit(4, name="others")
            deployment.until("state = 'succeeded'", least=4)
            second.stop()
    (poison,) = deployment.query(
        "SELECT failure_kind, attempt_no FROM eval.job WHERE state = 'dead'"
    )
    assert poison == {"failure_kind": "poison", "attempt_no": 2}, poison
    workers = "SELECT count(DISTINCT worker_id) AS n FROM eval.attempt WHERE outcome = 'failed'"
    assert deployment.query(workers)[0]["n"] == 2
    note = "2 workers, 2 attempts, others unaffected"
    return Recovery(seconds=seconds, span="first failure -> job dead", note=note)


@fault(
    "F14b",
    "Job that kills every engine",
    staged="synthetic engine that dies of this job's prompt",
    holds="`dead` as poison after two workers; other jobs succeed",
    short=True,
)
def poison(deployment: Deployment) -> Recovery:
    return _fails_everywhere(deployment, "ENGINE_DEAD")


@fault(
    "F14c",
    "Job that no engine has the memory for",
    staged="synthetic engine that runs out of memory over this job's prompt",
    holds="`dead` as poison after two workers; other jobs succeed",
)
def out_of_memory(deployment: Deployment) -> Recovery:
    return _fails_everywhere(deployment, "OOM")


@fault(
    "F14d",
    "Job over which every engine hangs",
    staged=f"synthetic engine that answers nothing; patience of {SILENCE_S} s",
    holds="timed out, `dead` as poison after two workers; other jobs succeed",
)
def hang(deployment: Deployment) -> Recovery:
    return _fails_everywhere(deployment, "HANG", EVALCTL_SILENCE_S=SILENCE_S)


@fault(
    "F14e",
    "Job that kills every worker",
    staged="three workers, each ends itself by `SIGKILL` after the first token of this job",
    holds="`dead` after three attempts on three workers; other jobs succeed on the next",
)
def deadly(deployment: Deployment) -> Recovery:
    """Let the job take worker after worker down, as a crash in a native extension does."""
    deployment.submit(1, name="deadly", tokens=5, tpot_ms=10)
    moment_s = time.monotonic()
    with deployment.reconciler():
        for attempt_no in range(1, 4):
            with deployment.worker(at="kill:mid-generate:1") as worker:
                assert worker.process.wait(60) == -signal.SIGKILL
            deployment.until(f"attempt_no = {attempt_no} AND state <> 'running'")
        seconds = since(moment_s)
        with deployment.worker() as healthy:
            deployment.submit(4, name="others")
            deployment.until("state = 'succeeded'", least=4)
            healthy.stop()
    tried = deployment.query(
        "SELECT count(DISTINCT worker_id) AS n, max(error_class) AS error FROM eval.attempt "
        "WHERE outcome = 'lost'"
    )
    assert tried == [{"n": 3, "error": "LEASE_EXPIRED"}], tried
    assert deployment.count("state = 'dead'") == 1
    return Recovery(seconds=seconds, span="submit -> job dead, three worker starts included")


@fault(
    "F14f",
    "Endless loop in a worker",
    staged=f"its thread runs in a circle before the commit of its second job; "
    f"patience of {SILENCE_S} s",
    holds="it gives the attempt up as timed out and ends with code 70; another worker runs the job",
)
def endless_loop(deployment: Deployment) -> Recovery:
    deployment.submit(2, tokens=5, tpot_ms=10)
    with (
        deployment.reconciler(),
        deployment.worker(at="spin:before-commit", EVALCTL_SILENCE_S=SILENCE_S) as first,
    ):
        first.wait_for("job.succeeded")
        moment_s = time.monotonic()
        first.wait_for("worker.hung")
        assert first.process.wait(20) == HUNG
        with deployment.worker() as second:
            seconds = deployment.until_finished(since_s=moment_s)
            second.stop()
    hung = "failure_kind = 'timed_out' AND error_class = 'WORKER_HUNG'"
    assert deployment.count(hung, "attempt") == 1
    return Recovery(seconds=seconds, span="loop begins -> its job committed by another worker")


@fault(
    "F17",
    "Rolling restart under load",
    staged="`SIGTERM` to one of two workers after another, each replaced, three times round",
    holds="each ends with 0; no job fails or runs twice",
)
def rolling_restart(deployment: Deployment) -> Recovery:
    deployment.submit(40, **SLOW)
    longest_s = 0.0
    with deployment.reconciler(), ExitStack() as stack:
        workers = [stack.enter_context(deployment.worker()) for _ in range(2)]
        for turn in range(6):
            workers[turn % 2].wait_for("job.claimed")
            moment_s = time.monotonic()
            assert workers[turn % 2].stop() == 0
            longest_s = max(longest_s, since(moment_s))
            workers[turn % 2] = stack.enter_context(deployment.worker())
        deployment.until_finished()
        assert [worker.stop() for worker in workers] == [0, 0]
    assert deployment.count("attempt_no > 1") == 0, "no job ran twice"
    return Recovery(seconds=longest_s, span="SIGTERM -> exit 0, the longest of 6 (jobs take 1 s)")


@fault(
    "F16a",
    "Reconciler killed while another waits",
    staged="two reconcilers, `kill -9` of the one in charge; hints left to it alone",
    holds="never two in charge; the other takes over",
    short=True,
)
def reconciler_killed(deployment: Deployment) -> Recovery:
    return _reconciler_lost(deployment, kill, within_s=30)


@fault(
    "F16b",
    "Reconciler frozen while another waits",
    staged="two reconcilers, `kill -STOP` of the one in charge",
    holds="the other takes over once the database has ended the frozen one's session",
)
def reconciler_frozen(deployment: Deployment) -> Recovery:
    return _reconciler_lost(
        deployment, lambda process: kill(process, signal.SIGSTOP), within_s=FROZEN_S + 20
    )


def _reconciler_lost(
    deployment: Deployment, lose: Callable[[LoggingProcess], float], *, within_s: float
) -> Recovery:
    with deployment.worker() as worker, deployment.reconciler() as first:
        worker.wait_for("worker.ready")
        deployment.until_true(lambda: _in_charge(first), "the first reconciler is active")
        with deployment.reconciler() as second:
            deployment.submit(1, publish=False, name="before")
            deployment.until("state = 'succeeded'")
            assert not _in_charge(second)
            moment_s = lose(first)
            deployment.submit(1, publish=False, name="after")
            seconds = deployment.until_finished(within_s=within_s, since_s=moment_s)
            assert _in_charge(second)
            if first.process.poll() is None:
                kill(first, signal.SIGCONT)
                deployment.until_true(
                    lambda: _says(first, "reconciler waits"),
                    "the one that was frozen waits for its turn",
                )
                assert first.stop() == 0
    return Recovery(
        seconds=seconds, span="reconciler lost -> hint published by the other, job committed"
    )


def _in_charge(reconciler: LoggingProcess) -> bool:
    return _says(reconciler, IN_CHARGE)


def _says(process: LoggingProcess, words: str) -> bool:
    return any(words in line for line in process.lines)
