"""The keeper of leases on a real Postgres: it renews progress, and ends what makes none."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import Engine

from core.errors import SettingsError
from db.engine import rows, transaction
from db.queue.claims import ClaimedJob
from db.runs.run import cancel_run, find_run
from db.runs.submissions import submit
from db.statements import statement
from tests.support.jobs import PROBLEM, register, submission, take
from workers.lifecycle.lease import EndReason, LeaseKeeper
from workers.lifecycle.timeouts import Timeouts

LONG = Timeouts(lease_s=0.8, silence_s=60.0)


@pytest.fixture
def job(engine: Engine) -> ClaimedJob:
    """Claim a job with a lease of 0.8 s."""
    submit(engine, submission(problems=(PROBLEM,), repetitions=1))
    claimed = take(engine, register(engine), lease_s=0.8)
    assert claimed is not None
    return claimed


@contextmanager
def keeper(
    engine: Engine, timeouts: Timeouts, on_hang: Callable[[], None] = lambda: None
) -> Iterator[LeaseKeeper]:
    opened = LeaseKeeper(engine, timeouts, on_hang=on_hang)
    yield opened
    opened.close()


def state(engine: Engine, job: ClaimedJob) -> dict[str, object]:
    with transaction(engine) as connection:
        query = (
            "SELECT state, attempt_no, failure_kind, error_class, lease_expires_at > now() AS held "
            "FROM eval.job WHERE id = %(id)s"
        )
        return rows(connection, query, {"id": job.job_id})[0]


def test_a_lease_outlives_its_length_while_there_is_progress(
    engine: Engine, job: ClaimedJob
) -> None:
    with keeper(engine, LONG) as leases, leases.keep(job) as lease:
        assert not lease.ended.wait(2.5), "three times the length of the lease"
        with transaction(engine) as connection:
            assert rows(connection, statement("expire")) == []
        assert state(engine, job)["held"]
        assert lease.renewed_s > lease.claimed_s + 1.5


def test_an_attempt_taken_back_is_notified(engine: Engine, job: ClaimedJob) -> None:
    with keeper(engine, LONG) as leases, leases.keep(job) as lease:
        cancel_run(engine, find_run(engine, str(job.run_id)))
        assert lease.ended.wait(10)
        assert lease.reason is EndReason.LOST


def test_an_attempt_that_takes_too_long_is_ended_and_keeps_its_lease_meanwhile(
    engine: Engine, job: ClaimedJob
) -> None:
    timeouts = Timeouts(lease_s=0.8, silence_s=60.0, job_s=0.5)
    with keeper(engine, timeouts) as leases, leases.keep(job) as lease:
        assert lease.ended.wait(10)
        assert lease.reason is EndReason.OVERDUE
        assert state(engine, job)["held"]


def test_a_worker_that_hangs_gives_its_job_up_as_timed_out_and_ends_itself(
    engine: Engine, job: ClaimedJob
) -> None:
    hung = threading.Event()
    timeouts = Timeouts(lease_s=2.0, silence_s=0.6)
    with keeper(engine, timeouts, hung.set) as leases, leases.keep(job) as lease:
        assert hung.wait(20)
        lease.progress()
    after = state(engine, job)
    assert (after["state"], after["failure_kind"]) == ("queued", "timed_out")
    assert after["error_class"] == "WORKER_HUNG"
    with transaction(engine) as connection:
        attempt = rows(connection, "SELECT outcome, failure_kind FROM eval.attempt")
    assert attempt == [{"outcome": "failed", "failure_kind": "timed_out"}]


def claimed(engine: Engine, jobs: int, lease_s: float = 2.0) -> list[ClaimedJob]:
    """Claim N jobs for one worker."""
    submit(engine, submission(problems=(PROBLEM,), repetitions=jobs, mode="throughput"))
    me = register(engine)
    return [job for _ in range(jobs) if (job := take(engine, me, lease_s=lease_s)) is not None]


def test_several_leases_are_kept_at_once_and_each_ends_for_itself(engine: Engine) -> None:
    first, second, third = claimed(engine, 3, lease_s=0.8)
    with keeper(engine, LONG) as leases, leases.keep(first) as one, leases.keep(second) as two:
        with leases.keep(third):
            pass
        with transaction(engine) as connection:
            rows(
                connection,
                "UPDATE eval.job SET state = 'queued', lease_expires_at = NULL WHERE id = %(id)s",
                {"id": second.job_id},
            )
        assert two.ended.wait(10)
        assert two.reason is EndReason.LOST
        assert not one.ended.wait(1.5)
        assert one.renewed_s > two.renewed_s
        assert state(engine, first)["held"]


def test_many_attempts_taken_back_together_are_noticed_soon(engine: Engine) -> None:
    jobs = claimed(engine, 12)
    with keeper(engine, Timeouts(lease_s=2.0, silence_s=60.0)) as leases, ExitStack() as stack:
        kept = [stack.enter_context(leases.keep(job)) for job in jobs]
        cancel_run(engine, find_run(engine, str(jobs[0].run_id)))
        cancelled_s = time.monotonic()
        assert all(lease.ended.wait(5) for lease in kept)
        assert time.monotonic() - cancelled_s < 4, "one wait for all, and not one for each"


def test_a_worker_that_hangs_with_one_of_several_gives_the_others_back_at_no_cost(
    engine: Engine,
) -> None:
    hung = threading.Event()
    stuck, well = claimed(engine, 2)
    with (
        keeper(engine, Timeouts(lease_s=2.0, silence_s=0.6), hung.set) as leases,
        leases.keep(stuck),
        leases.keep(well) as alive,
    ):
        while not hung.wait(0.1):
            alive.progress()
    assert state(engine, stuck)["error_class"] == "WORKER_HUNG_IN_BATCH"
    assert state(engine, well)["error_class"] == "WORKER_HUNG_BESIDE"
    with transaction(engine) as connection:
        allowed = rows(
            connection,
            "SELECT max_attempts FROM eval.job ORDER BY id = %(id)s",
            {"id": well.job_id},
        )
    assert [row["max_attempts"] for row in allowed] == [3, 4]


def test_a_finished_attempt_is_not_called_lost(engine: Engine, job: ClaimedJob) -> None:
    with keeper(engine, LONG) as leases:
        with leases.keep(job) as lease, transaction(engine) as connection:
            # As a commit would: this attempt may not renew the row any more, a moment before the
            # block ends.
            connection.exec_driver_sql(
                "UPDATE eval.job SET state = 'queued', lease_expires_at = NULL"
            )
        assert lease.reason is None
        assert not lease.ended.wait(0.5)


def test_deadlines_come_from_the_environment() -> None:
    assert Timeouts.from_environment({}) == Timeouts()
    assert Timeouts.from_environment({"EVALCTL_LEASE_S": "8", "EVALCTL_JOB_S": ""}) == Timeouts(
        lease_s=8.0
    )
    assert Timeouts(lease_s=8.0).beat_s == 2.0
    assert Timeouts(lease_s=8.0, silence_s=10.0).hang_s < 10.0 + 8.0
    for text in ("soon", "0", "nan", "-1"):
        with pytest.raises(SettingsError, match="EVALCTL_LEASE_S"):
            Timeouts.from_environment({"EVALCTL_LEASE_S": text})
