"""Faults of the database: restarted, killed, cut off in a commit, locked, ahead of its workers."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from db.engine import transaction
from tests.chaos.forwarder import forwarder
from tests.chaos.registry import CannotStage, Recovery, fault
from tests.support.deployment import LEASE_S, QUEUE, Deployment, kill, kill_server, since
from tests.support.processes import ROOT, LoggingProcess, running

JOBS: dict[str, Any] = {"tokens": 10, "tpot_ms": 60}
#: A table that only the commit writes, so that a lock against writers holds up commits and nothing
#: else; a stronger one would hold up every submit, since jobs refer to scores.
HOLD_UP = "LOCK TABLE eval.score IN SHARE MODE"
#: The older worker predates this migration: it knows nothing of schedules, drain and tallies.
OLDER_THAN = "0003"
COMMITTING = (
    "application_name = 'evalctl worker' AND wait_event_type = 'Lock' "
    "AND position('fenced AS (' IN query) > 0"
)


def _restart(
    fault_id: str, number: signal.Signals, way: str, staged: str, *, short: bool = False
) -> None:
    @fault(
        fault_id,
        f"Database {way} in mid-run",
        staged=staged,
        holds="worker and reconciler wait for it and go on; no process has to be restarted",
        short=short,
    )
    def restarted(deployment: Deployment) -> Recovery:
        with deployment.reconciler() as reconciler, deployment.worker() as worker:
            deployment.submit(8, **JOBS)
            worker.wait_for("job.succeeded")
            kill_server(deployment.servers.postgres, number)
            deployment.servers.postgres.start()
            seconds = deployment.until_finished()
            assert worker.stop() == 0
            assert reconciler.stop() == 0
        return Recovery(seconds=seconds, span="database back -> 8 jobs committed")


_restart("F9a", signal.SIGINT, "restarted fast", "`SIGINT` to the postmaster, started again")
_restart(
    "F9b", signal.SIGQUIT, "restarted immediately", "`SIGQUIT` to the postmaster, started again"
)
_restart("F9c", signal.SIGKILL, "killed", "`kill -9` of the postmaster, started again", short=True)


@contextmanager
def _commits_held_up(deployment: Deployment) -> Iterator[Callable[[], None]]:
    """Keep every commit of a worker waiting in the database; calling the value lets them go on."""
    connection = deployment.engine.connect()
    connection.exec_driver_sql("SET lock_timeout = 0")
    connection.exec_driver_sql(HOLD_UP)
    try:
        yield connection.rollback
    finally:
        connection.invalidate()
        connection.close()


def _wait_for_commit(deployment: Deployment) -> int:
    """Return the process id of the database backend in which a commit waits."""
    found: list[int] = []

    def waits() -> bool:
        found[:] = [
            row["pid"]
            for row in deployment.query(f"SELECT pid FROM pg_stat_activity WHERE {COMMITTING}")
        ]
        return bool(found)

    deployment.until_true(waits, "a commit waits in the database", within_s=30)
    return found[0]


@fault(
    "F9d",
    "Connection ended in the middle of a commit",
    staged="`pg_terminate_backend` while the commit waits for a lock",
    holds="the outcome is read back and the commit repeated; the job keeps its attempt",
    short=True,
)
def backend_terminated(deployment: Deployment) -> Recovery:
    with deployment.reconciler(), deployment.worker() as worker:
        with _commits_held_up(deployment) as let_go:
            deployment.submit(1)
            pid = _wait_for_commit(deployment)
            deployment.query(f"SELECT pg_terminate_backend({pid})")
            moment_s = time.monotonic()
            worker.wait_for("job.write_delayed")
            let_go()
        seconds = deployment.until_finished(since_s=moment_s)
        worker.stop()
    assert deployment.count("attempt_no = 1") == 1
    return Recovery(seconds=seconds, span="connection ended -> job committed")


@fault(
    "F9e",
    "Database stopped immediately in the middle of a commit",
    staged="`SIGQUIT` to the postmaster while the commit waits for a lock, started again",
    holds="as F9d, or the job runs again after its lease",
)
def stopped_in_commit(deployment: Deployment) -> Recovery:
    with deployment.reconciler(), deployment.worker() as worker:
        with _commits_held_up(deployment):
            deployment.submit(1)
            _wait_for_commit(deployment)
            kill_server(deployment.servers.postgres, signal.SIGQUIT)
        worker.wait_for("job.write_delayed")
        deployment.servers.postgres.start()
        seconds = deployment.until_finished()
        worker.stop()
    return Recovery(seconds=seconds, span="database back -> job committed")


@fault(
    "F9f",
    "Answer to a commit lost on the wire",
    staged="TCP forwarder passes the commit on, keeps the answer and cuts",
    holds="the worker reads back that it was committed; no second attempt",
)
def answer_lost(deployment: Deployment) -> Recovery:
    url = make_url(deployment.environment["EVALCTL_DATABASE_URL"])
    assert url.port is not None
    with forwarder(url.port) as wire:
        through = url.set(port=wire.port).render_as_string(hide_password=False)
        with deployment.reconciler(), deployment.worker(EVALCTL_DATABASE_URL=through) as worker:
            worker.wait_for("worker.ready")
            wire.cut_after = b"INSERT INTO eval.step_verdict"
            deployment.submit(1)
            assert wire.cut.wait(30), "no commit passed"
            moment_s = time.monotonic()
            worker.wait_for("job.succeeded", attempt_no=1)
            seconds = since(moment_s)
            assert worker.stop() == 0
    return Recovery(seconds=seconds, span="cut -> the worker knows that it committed")


@fault(
    "F4g",
    "Worker dies while its commit is on its way",
    staged="`kill -9` while the commit waits for a lock inside the database",
    holds="the commit stands or is lost as a whole; the job succeeds once",
)
def killed_in_commit(deployment: Deployment) -> Recovery:
    with deployment.reconciler():
        with deployment.worker() as first, _commits_held_up(deployment) as let_go:
            deployment.submit(1)
            _wait_for_commit(deployment)
            moment_s = kill(first)
            let_go()
        with deployment.worker() as second:
            seconds = deployment.until_finished(since_s=moment_s)
            second.stop()
    note = f"attempt {deployment.query('SELECT attempt_no FROM eval.job')[0]['attempt_no']} won"
    return Recovery(seconds=seconds, span="kill -> job committed", note=note)


@fault(
    "F19",
    "The table of jobs locked for longer than a lease",
    staged=f"`LOCK TABLE eval.job` for {4 * LEASE_S:g} s in mid-job",
    holds="renewals and the commit fail safe; the job succeeds once; worker and reconciler live on",
)
def table_locked(deployment: Deployment) -> Recovery:
    with deployment.reconciler() as reconciler, deployment.worker() as worker:
        deployment.submit(1, tokens=40, tpot_ms=100)
        worker.wait_for("job.claimed")
        with transaction(deployment.engine) as connection:
            connection.exec_driver_sql("LOCK TABLE eval.job IN ACCESS EXCLUSIVE MODE")
            threading.Event().wait(4 * LEASE_S)
        seconds = deployment.until_finished()
        assert _alive(worker), f"the worker ended; log:\n{worker.tail()}"
        assert _alive(reconciler), f"the reconciler ended; log:\n{reconciler.tail()}"
        worker.stop()
    note = f"attempt {deployment.query('SELECT attempt_no FROM eval.job')[0]['attempt_no']} won"
    return Recovery(seconds=seconds, span="lock released -> job committed", note=note)


@fault(
    "F21a",
    "Worker of an older schema on the present one",
    staged="the last worker of schema 0002, from the history of the repository",
    holds="it serves its jobs",
)
def older_worker(deployment: Deployment) -> Recovery:
    folder = deployment.folder / "older"
    note = _check_out_older(folder)
    environment = deployment.environment | {"PYTHONPATH": str(folder)}
    # The folder comes before the installed package, as it does for `python -m` in that folder.
    program = f"""
import os, runpy, sys
os.chdir({str(folder)!r})
sys.path[0] = {str(folder)!r}
sys.argv = ['workers', '--cpu', '--queue', '{QUEUE}']
runpy.run_module('workers', run_name='__main__')
"""
    with deployment.reconciler(), running([sys.executable, "-c", program], environment) as worker:
        worker.wait_for("worker.ready")
        moment_s = time.monotonic()
        deployment.submit(6)
        seconds = deployment.until_finished(since_s=moment_s)
        assert worker.stop() == 0
    return Recovery(seconds=seconds, span="submit -> 6 jobs committed", note=note)


@fault(
    "F21b",
    "Worker of the present schema on a later one",
    staged="a column with a default on four tables, another table, an index, "
    "as a later migration would add them",
    holds="it serves its jobs",
)
def later_schema(deployment: Deployment) -> Recovery:
    with transaction(deployment.engine) as connection:
        for table in ("job", "attempt", "generation", "worker"):
            connection.exec_driver_sql(
                f"ALTER TABLE eval.{table} ADD COLUMN later text NOT NULL DEFAULT 'x'"
            )
        connection.exec_driver_sql("CREATE TABLE eval.later (id bigint REFERENCES eval.job)")
        connection.exec_driver_sql("CREATE INDEX ON eval.job (later)")
        connection.exec_driver_sql("UPDATE eval.alembic_version SET version_num = 'later'")
    with deployment.reconciler(), deployment.worker() as worker:
        moment_s = time.monotonic()
        deployment.submit(6)
        seconds = deployment.until_finished(since_s=moment_s)
        assert worker.stop() == 0
    return Recovery(seconds=seconds, span="submit -> 6 jobs committed, worker start included")


def _check_out_older(folder: Path) -> str:
    """Write the repository as it was before ``OLDER_THAN``; return the schema of that worker."""
    pattern = f"migrations/versions/{OLDER_THAN}*.py"
    log = ["git", "log", "-1", "--format=%H", "--diff-filter=A", "--", pattern]
    newest = subprocess.run(log, cwd=ROOT, capture_output=True, text=True, check=False)
    archive = subprocess.run(
        ["git", "archive", f"{newest.stdout.strip()}~1"], cwd=ROOT, capture_output=True, check=False
    )
    if newest.returncode or archive.returncode:
        raise CannotStage("no history of the repository here")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
    versions = [path.name[:4] for path in (folder / "migrations" / "versions").glob("[0-9]*.py")]
    return f"worker of schema {max(versions)}"


def _alive(process: LoggingProcess) -> bool:
    return process.process.poll() is None
