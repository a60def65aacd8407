"""Faults of the network between a worker and its servers, and of its clock."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from services.waiting import wait_until
from tests.chaos.forwarder import Forwarder, forwarder
from tests.chaos.registry import CannotStage, Recovery, fault
from tests.support.debian_packages import MissingPackage, find_program, install
from tests.support.deployment import LEASE_S, Deployment, since
from tests.support.processes import LoggingProcess

JOBS: dict[str, Any] = {"tokens": 30, "tpot_ms": 100}
#: Twice the lease, so that a worker that is cut off loses its job for sure.
BLACKHOLE_S = 2 * LEASE_S
#: A worker that was cut off serves again within this time of the wire's mending.
SERVES_WITHIN_S = 60.0
#: Each way, for each message.
DELAY_S = 0.25
_HOUR_S = 3600


@contextmanager
def _through(deployment: Deployment, variable: str) -> Iterator[tuple[Forwarder, dict[str, str]]]:
    """Give a forwarder to a server and the setting with which a worker uses it alone."""
    url = make_url(deployment.environment[variable])
    assert url.port is not None
    with forwarder(url.port) as wire:
        yield wire, {variable: url.set(port=wire.port).render_as_string(hide_password=False)}


@contextmanager
def _dropped(port: int) -> Iterator[None]:
    """Drop every packet to and from a loopback port, without a word to either side."""
    rules = [
        ["INPUT", "-i", "lo", "-p", "tcp", end, str(port), "-j", "DROP"]
        for end in ("--dport", "--sport")
    ]
    try:
        program = find_program("iptables")
    except MissingPackage as error:
        raise CannotStage(str(error)) from error
    added = []
    try:
        for rule in rules:
            done = subprocess.run(
                [program, "-I", *rule], capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise CannotStage(f"iptables -I INPUT: {done.stderr.strip()}")
            added.append(rule)
        yield
    finally:
        for rule in added:
            subprocess.run([program, "-D", *rule], check=True)


@fault(
    "F10a",
    "Database unreachable for one worker for longer than its lease",
    staged=f"`iptables -j DROP` between worker and database for {BLACKHOLE_S:g} s in mid-job; "
    "another worker is not cut off",
    holds="the other commits the job; the first writes nothing late and serves again within 60 s",
)
def database_blackholed(deployment: Deployment) -> Recovery:
    with (
        _through(deployment, "EVALCTL_DATABASE_URL") as (wire, setting),
        deployment.reconciler(),
        ExitStack() as stack,
    ):
        first = stack.enter_context(deployment.worker(**setting))
        first.wait_for("worker.ready")
        deployment.submit(1, **JOBS)
        job_id = first.wait_for("job.claimed")["job_id"]
        second = stack.enter_context(deployment.worker())
        with _dropped(wire.port):
            moment_s = time.monotonic()
            deployment.until(
                f"id = {job_id} AND state = 'succeeded' AND attempt_no = 2", within_s=30
            )
            taken_s = since(moment_s)
            wait_until(lambda: since(moment_s) > BLACKHOLE_S, BLACKHOLE_S)
        healed_s = time.monotonic()
        second.stop()
        seconds = _serves_again(deployment, first, healed_s)
    note = f"job taken over and committed after {taken_s:.1f} s"
    return Recovery(
        seconds=seconds, span="wire mended -> the worker that was cut off commits", note=note
    )


@fault(
    "F10b",
    "Broker unreachable for one worker",
    staged=f"`iptables -j DROP` between worker and broker for {BLACKHOLE_S:g} s in mid-job",
    holds="the job goes on and is committed once; the worker serves again within 60 s",
)
def broker_blackholed(deployment: Deployment) -> Recovery:
    with ExitStack() as stack:
        wire, setting = stack.enter_context(_through(deployment, "EVALCTL_BROKER_URL"))
        stack.enter_context(deployment.reconciler())
        worker = stack.enter_context(deployment.worker(**setting))
        worker.wait_for("worker.ready")
        deployment.submit(1, **JOBS)
        worker.wait_for("job.claimed")
        with _dropped(wire.port):
            moment_s = time.monotonic()
            deployment.until_finished(within_s=BLACKHOLE_S)
            wait_until(lambda: since(moment_s) > BLACKHOLE_S, BLACKHOLE_S)
        seconds = _serves_again(deployment, worker, time.monotonic())
    assert deployment.count("attempt_no > 1") == 0, "no job ran twice"
    return Recovery(seconds=seconds, span="wire mended -> the worker commits the next job")


@fault(
    "F10c",
    "Slow wire between worker and database",
    staged=f"TCP forwarder that passes each message {DELAY_S * 1000:g} ms late, each way",
    holds="leases hold; every job is committed at its first attempt",
)
def slow_wire(deployment: Deployment) -> Recovery:
    """Delay every message between worker and database; packet loss needs a qdisc, see the page."""
    with ExitStack() as stack:
        wire, setting = stack.enter_context(_through(deployment, "EVALCTL_DATABASE_URL"))
        stack.enter_context(deployment.reconciler())
        worker = stack.enter_context(deployment.worker(**setting))
        worker.wait_for("worker.ready")
        wire.delay_s = DELAY_S
        moment_s = time.monotonic()
        deployment.submit(2, **JOBS)
        seconds = deployment.until_finished(since_s=moment_s)
        worker.stop()
    assert deployment.count("attempt_no > 1") == 0, "no job ran twice"
    return Recovery(seconds=seconds, span="submit -> 2 jobs of 3 s committed")


@fault(
    "F12",
    "Clock of a worker's host steps by an hour",
    staged="libfaketime: one worker steps an hour ahead in mid-job, another an hour back",
    holds="leases are unaffected, no job runs twice, durations stay true",
)
def clock_steps(deployment: Deployment) -> Recovery:
    """Step the clocks of two workers while their jobs run.

    They are killed at the end: libfaketime makes Python's ``time.sleep`` fail (EINVAL from
    ``clock_nanosleep``), which no real clock does, so a shutdown in order cannot be seen here.
    """
    library = _faketime()
    with deployment.reconciler(), ExitStack() as stack:
        clocks = [deployment.folder / name for name in ("ahead", "back")]
        workers = [
            stack.enter_context(deployment.worker(**_clock(library, path))) for path in clocks
        ]
        for worker in workers:
            worker.wait_for("worker.ready")
        deployment.submit(6, **JOBS)
        for worker in workers:
            worker.wait_for("job.claimed")
        moment_s = time.monotonic()
        for path, step_s in zip(clocks, (_HOUR_S, -_HOUR_S), strict=True):
            path.write_text(f"{step_s:+d}\n")
        seconds = deployment.until_finished(since_s=moment_s)
        stamps = [worker.wait_for("job.claimed")["at"] for worker in workers]
    assert stamps[0][:13] != stamps[1][:13], f"the clocks did step: {stamps}"
    assert deployment.count("attempt_no > 1") == 0, "no job ran twice"
    longest = deployment.query("SELECT max(last_token_s - submitted_s) AS s FROM eval.generation")[
        0
    ]["s"]
    assert 2.5 < longest < 10, f"a job of 3 s is said to have taken {longest} s"
    return Recovery(
        seconds=seconds,
        span="step -> 6 jobs of 3 s committed by 2 workers",
        note=f"longest {longest:.1f} s",
    )


def _faketime() -> Path:
    """Return the library of libfaketime, installed if need be."""
    pattern = "*/faketime/libfaketimeMT.so.1"
    found = sorted(Path("/usr/lib").glob(pattern))
    if not found:
        reason = install("faketime")
        found = sorted(Path("/usr/lib").glob(pattern))
        if not found:
            raise CannotStage(f"libfaketime is not installed (Debian: faketime); {reason}")
    return found[0]


def _clock(library: Path, path: Path) -> dict[str, str]:
    """Return the environment of a process whose wall clock, and no other, follows a file."""
    path.write_text("+0\n")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(path),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def _serves_again(deployment: Deployment, worker: LoggingProcess, healed_s: float) -> float:
    """Return the seconds from the mending of the wire until the only worker commits a job."""
    deployment.submit(1, name="afterwards")
    worker.wait_for("job.succeeded", model="afterwards", within_s=SERVES_WITHIN_S)
    seconds = since(healed_s)
    deployment.until_finished()
    assert worker.stop() == 0
    return seconds
