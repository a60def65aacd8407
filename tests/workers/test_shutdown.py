"""Ending a worker without losing anything: drained, by signals, after its grace, under load."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import Engine

from core.settings import Settings
from core.states import WorkerState
from db.queue.fleet import report_worker
from orchestrator.supervisor import Supervisor, worker_specs
from tests.support.database import attempts, query, until
from tests.support.jobs import Enqueue, register
from tests.support.processes import LoggingProcess, evalctl, worker
from workers.lifecycle.heartbeat import Heartbeat
from workers.lifecycle.shutdown import FORCED, Shutdown


def ended(process: LoggingProcess, within_s: float = 30.0) -> int:
    """Wait for a process to end by itself and return its exit code."""
    return process.process.wait(within_s)


def test_an_idle_worker_that_is_drained_ends(environment: dict[str, str], engine: Engine) -> None:
    with worker(environment, "--queue", "synthetic") as process:
        name = process.wait_for("worker.ready")["worker"]
        requested = evalctl(environment, f"worker drain {name} --json")
        assert requested.returncode == 0, requested.stderr
        assert ended(process) == 0, process.tail()
    (row,) = query(
        engine, "SELECT state, drain_requested_at IS NOT NULL AS asked, note FROM eval.worker"
    )
    assert row == {"state": "stopped", "asked": True, "note": "the worker was drained"}


def test_a_worker_that_is_drained_while_it_starts_ends_too(
    environment: dict[str, str], engine: Engine
) -> None:
    query(
        engine,
        "CREATE FUNCTION drained() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN NEW.drain_requested_at = now(); RETURN NEW; END'",
    )
    query(
        engine,
        "CREATE TRIGGER drained BEFORE INSERT ON eval.worker FOR EACH ROW EXECUTE FUNCTION "
        "drained()",
    )
    with worker(environment, "--queue", "synthetic") as process:
        process.wait_for("worker.stopping")
        assert ended(process) == 0, process.tail()
    assert query(engine, "SELECT state FROM eval.worker") == [{"state": "stopped"}]


def test_a_worker_that_is_drained_in_a_job_finishes_it_and_takes_no_other(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(2, ttft_ms=7000)
    with worker(environment, "--queue", "synthetic") as process:
        claimed = process.wait_for("job.claimed")
        evalctl(environment, "worker drain --all")
        process.wait_for("worker.stopping")
        until(engine, "SELECT state FROM eval.worker", [{"state": "draining"}])
        shown = evalctl(environment, "worker list").stdout
        process.wait_for("job.succeeded", job_id=claimed["job_id"])
        assert ended(process) == 0, process.tail()
    assert "draining" in shown
    assert attempts(engine) == [(1, "succeeded", None)]
    states = query(engine, "SELECT state FROM eval.job ORDER BY id")
    assert sorted(row["state"] for row in states) == ["queued", "succeeded"]


@pytest.mark.usefixtures("reconciler")
def test_a_job_that_outlasts_the_grace_is_handed_back_and_another_worker_finishes_it(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(1, ttft_ms=4000)
    with worker(environment, "--queue", "synthetic", "--grace", "0.5") as first:
        first.wait_for("job.claimed")
        first.process.send_signal(signal.SIGTERM)
        with worker(environment, "--queue", "synthetic") as second:
            first.wait_for("job.failed", error_class="DRAINED", state="queued")
            assert ended(first) == 0, first.tail()
            second.wait_for("job.succeeded", attempt_no=2)
    assert attempts(engine) == [(1, "failed", "DRAINED"), (2, "succeeded", None)]
    assert query(engine, "SELECT count(*) AS n FROM eval.generation") == [{"n": 1}]


def test_a_second_signal_hands_the_job_back_at_once(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(1, ttft_ms=60_000)
    with worker(environment, "--queue", "synthetic") as process:
        process.wait_for("job.claimed")
        process.process.send_signal(signal.SIGINT)
        process.wait_for("worker.stopping")
        asked_s = time.monotonic()
        assert process.stop(signal.SIGTERM, within_s=20) == 0, process.tail()
    assert time.monotonic() - asked_s < 20
    assert attempts(engine) == [(1, "failed", "DRAINED")]
    assert query(engine, "SELECT state FROM eval.worker") == [{"state": "stopped"}]


def test_an_engine_that_is_starting_is_given_up_too(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(1, start_s=60)
    with worker(environment, "--queue", "synthetic", "--grace", "0.2") as process:
        process.wait_for("engine.starting")
        assert process.stop(within_s=20) == 0, process.tail()
    assert attempts(engine) == [(1, "failed", "DRAINED")]


@pytest.mark.usefixtures("reconciler")
@pytest.mark.timeout(180)
def test_signals_to_one_worker_after_another_under_load_lose_nothing(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    jobs = 60
    enqueue(jobs, ttft_ms=100)
    with ExitStack() as stack:
        serving = [
            stack.enter_context(worker(environment, "--queue", "synthetic")) for _ in range(3)
        ]
        for process in serving:
            process.wait_for("job.succeeded")
        for process in serving:
            stack.enter_context(worker(environment, "--queue", "synthetic")).wait_for(
                "worker.ready"
            )
            assert process.stop(within_s=30) == 0, process.tail()
        until(
            engine,
            "SELECT 1 FROM eval.job WHERE state IN ('queued', 'running') LIMIT 1",
            [],
            within_s=90,
        )
    assert attempts(engine) == [(1, "succeeded", None)] * jobs
    assert query(
        engine, "SELECT count(*) AS n, count(DISTINCT job_id) AS jobs FROM eval.generation"
    ) == [{"n": jobs, "jobs": jobs}]


def test_a_supervisor_leaves_a_drained_worker_down_until_it_is_released(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(1, ttft_ms=3000)
    with environment_of(environment):
        supervisor = Supervisor(Settings.from_environment(environment), worker_specs([], 1))
    (child,) = supervisor.children
    busy = "SELECT state FROM eval.worker WHERE ended_at IS NULL"
    try:
        supervisor.poll()
        until(engine, busy, [{"state": "busy"}])
        assert evalctl(environment, "worker drain --all").returncode == 0
        looked_s, pause = time.monotonic(), threading.Event()
        while not child.ended:
            assert time.monotonic() - looked_s < 60
            pause.wait(0.1)
            supervisor.poll()
        supervisor.poll()
        assert not child.running
        assert query(engine, "SELECT state, count(*) AS n FROM eval.worker GROUP BY state") == [
            {"state": "stopped", "n": 1}
        ]
        assert attempts(engine) == [(1, "succeeded", None)]
        supervisor.revive()
        assert not child.ended
        supervisor.poll()
        until(engine, busy, [{"state": "idle"}])
    finally:
        supervisor.end(grace_s=30)
    assert not child.running


@contextmanager
def environment_of(environment: dict[str, str]) -> Iterator[None]:
    """Let this process have another environment for a while: a supervisor hands its own on."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_a_supervisor_has_a_job_handed_back_that_outlasts_its_patience(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(1, ttft_ms=60_000)
    with environment_of(environment):
        supervisor = Supervisor(Settings.from_environment(environment), worker_specs([], 1))
    supervisor.poll()
    until(engine, "SELECT state FROM eval.worker", [{"state": "busy"}])
    supervisor.end(grace_s=0.5)
    assert attempts(engine) == [(1, "failed", "DRAINED")]
    assert query(engine, "SELECT state FROM eval.worker") == [{"state": "stopped"}]


def test_draining_needs_one_way_of_naming_and_a_living_worker(environment: dict[str, str]) -> None:
    assert evalctl(environment, "worker drain").returncode == 2
    assert evalctl(environment, "worker drain gpu0 --all").returncode == 2
    unmatched = evalctl(environment, "worker drain gpu0")
    assert unmatched.returncode == 2
    assert unmatched.stderr == "evalctl: no running worker matches 'gpu0'\n"
    assert evalctl(environment, "worker drain --all").stdout == "no worker is running\n"


def test_the_heartbeat_reports_what_was_refused_and_reads_the_request_to_drain(
    environment: dict[str, str], engine: Engine
) -> None:
    me = register(engine, name="cpu-1@here", host="here")
    register(engine, name="cpu-12@there", host="there")
    ambiguous = evalctl(environment, "worker drain cpu-1")
    assert ambiguous.returncode == 2
    assert "matches several workers" in ambiguous.stderr
    drained = threading.Event()
    heartbeat = Heartbeat(engine, me, beat_s=0.05, on_drain=drained.set, refused=lambda: 7)
    try:
        heartbeat.report(WorkerState.IDLE, None)
        assert not drained.wait(0.5)
        assert evalctl(environment, "worker drain --host here").returncode == 0
        assert drained.wait(10)
        heartbeat.override(WorkerState.QUARANTINED)
        heartbeat.note("XID 79")
        heartbeat.report(WorkerState.BUSY, None)
        until(
            engine,
            "SELECT state, note FROM eval.worker WHERE host = 'here'",
            [{"state": "quarantined", "note": "XID 79"}],
        )
        listed = evalctl(environment, "worker list").stdout
    finally:
        heartbeat.close()
    for shown in ("cpu-1@here", "quarantined", "XID 79", " 7 "):
        assert shown in listed
    assert query(
        engine,
        "SELECT state, messages_refused, drain_requested_at IS NULL AS let FROM eval.worker "
        "ORDER BY name = 'cpu-1@here'",
    ) == [
        {"state": "starting", "messages_refused": 0, "let": True},
        {"state": "stopped", "messages_refused": 7, "let": False},
    ]
    assert report_worker(engine, me, WorkerState.STOPPED, None)


def test_a_worker_that_hangs_while_handing_back_is_ended_by_force(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("workers.lifecycle.shutdown.HAND_BACK_WITHIN_S", 0.1)
    codes: list[int] = []
    forced = threading.Event()

    def force(code: int) -> None:
        codes.append(code)
        forced.set()

    shutdown = Shutdown(0.1, force=force)
    cancelled = threading.Event()
    with shutdown.interrupts(cancelled):
        shutdown.drain()
        assert cancelled.wait(5)
        assert forced.wait(5)
    assert codes == [FORCED]
    assert "0.1 s of grace were over" in shutdown.sentence


def test_a_worker_in_quarantine_hands_back_and_lives_on_until_it_is_asked_to_end() -> None:
    # Asked to end, it would end this process in a minute.
    shutdown = Shutdown(600, force=lambda _code: None)
    cancelled = threading.Event()
    with shutdown.interrupts(cancelled):
        shutdown.quarantine("GPU 0 reported XID 79")
        assert cancelled.wait(5)
    assert (shutdown.error_class, shutdown.sentence) == ("GPU_QUARANTINED", "GPU 0 reported XID 79")
    assert shutdown.halted.is_set()
    assert not shutdown.requested.is_set()
    shutdown.nothing_runs()
    shutdown.signalled("SIGTERM")
    assert shutdown.requested.wait(5)
