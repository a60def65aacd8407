"""Runs with far more jobs than hints: queues stay bounded, and none runs dry."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import pytest
import redis
from sqlalchemy import Engine

from core.hints import HintBroker, queue_name
from core.limits import HINTS_AT_MOST
from db.engine import rows, transaction
from db.queue.outbox import publish_outbox
from db.runs.control import pause_run, resume_run
from db.runs.submissions import Submission, submit
from db.statements import statement
from orchestrator.runs.submit import submit_experiment
from orchestrator.upkeep.reconciler import Reconciler
from tests.support.database import count
from tests.support.jobs import claim_of, register, run_of, spec, submission, take

SURPLUS = 2000
OUTBOX = "SELECT count(*) FROM eval.outbox"
WAIT_FOR = "SELECT count(*) FROM pg_stat_activity WHERE {pid} = ANY (pg_blocking_pids(pid))"


@pytest.fixture
def client(broker_url: str) -> Iterator[redis.Redis]:
    """Connect to the test's broker behind evalctl's back."""
    with redis.Redis.from_url(broker_url) as opened:
        yield opened


def all_jobs(engine: Engine) -> set[int]:
    with transaction(engine) as connection:
        return {row["id"] for row in rows(connection, "SELECT id FROM eval.job")}


def long_submission(queue: str = "synthetic", name: str = "long") -> Submission:
    """Return a run with more jobs than a queue may hold hints."""
    model = spec(f"model of {queue}", queue)
    return submission(
        models=(model,), name=name, experiment_hash=name, repetitions=(HINTS_AT_MOST + SURPLUS) // 2
    )


def test_a_long_run_leaves_as_many_hints_as_the_broker_may_hold(
    engine: Engine, broker: HintBroker
) -> None:
    submitted = submit(engine, long_submission())
    assert (submitted.jobs, submitted.created) == (HINTS_AT_MOST + SURPLUS,) * 2
    assert count(engine, OUTBOX) == HINTS_AT_MOST
    assert publish_outbox(engine, broker) == HINTS_AT_MOST
    assert broker.depth("synthetic") == HINTS_AT_MOST
    submit(engine, submission(experiment_hash="small", name="small"))
    assert publish_outbox(engine, broker) == 0, (
        "any hint permits to claim any job, and there are enough"
    )
    assert (count(engine, OUTBOX), broker.depth("synthetic")) == (0, HINTS_AT_MOST)


def test_every_queue_gets_hints_of_its_own(engine: Engine, broker: HintBroker) -> None:
    submit(engine, long_submission())
    submit(engine, long_submission("other", name="other"))
    submit(
        engine,
        submission(
            models=(spec("a"), spec("b", "third")), experiment_hash="two queues", name="two"
        ),
    )
    Reconciler(engine, broker, stale_hint_s=0.0).tick()
    Reconciler(engine, broker, stale_hint_s=0.0).tick()
    depths = {queue: broker.depth(queue) for queue in ("synthetic", "other", "third")}
    assert depths == {"synthetic": HINTS_AT_MOST, "other": HINTS_AT_MOST, "third": 4}


def test_hints_are_added_as_they_are_used(
    engine: Engine, broker: HintBroker, client: redis.Redis
) -> None:
    submit(engine, long_submission())
    reconciler = Reconciler(engine, broker)
    first = reconciler.tick()
    assert (first.published, first.rehinted) == (HINTS_AT_MOST, 0)
    client.rpop(queue_name("synthetic"), 10)
    assert reconciler.tick().rehinted == 0, "a few may be on their way to a claim"
    client.rpop(queue_name("synthetic"), HINTS_AT_MOST // 2)
    assert reconciler.tick().rehinted == HINTS_AT_MOST // 2 + 10
    assert broker.depth("synthetic") == HINTS_AT_MOST


def test_an_emptied_broker_is_filled_up_to_the_limit(
    engine: Engine, broker: HintBroker, client: redis.Redis
) -> None:
    submit(engine, long_submission())
    reconciler = Reconciler(engine, broker)
    reconciler.tick()
    client.flushall()
    assert reconciler.tick().rehinted == HINTS_AT_MOST
    assert (reconciler.tick().rehinted, broker.depth("synthetic")) == (0, HINTS_AT_MOST)


def test_a_short_queue_gets_lost_hints_again_once_they_cannot_be_on_their_way(
    engine: Engine, broker: HintBroker, client: redis.Redis
) -> None:
    submit(engine, submission())
    patient, sure = Reconciler(engine, broker), Reconciler(engine, broker, stale_hint_s=0.0)
    assert (patient.tick().published, sure.tick().rehinted) == (4, 0)
    client.flushall()
    assert (patient.tick().rehinted, patient.tick().rehinted) == (0, 0)
    assert (sure.tick().rehinted, broker.depth("synthetic")) == (4, 4)
    assert take(engine, register(engine)) is not None
    assert sure.tick().rehinted == 0, "more hints than jobs do no harm"


def test_held_jobs_have_no_hints_however_many_they_are(
    engine: Engine, broker: HintBroker, client: redis.Redis
) -> None:
    submitted = submit(engine, long_submission())
    submit(engine, submission(experiment_hash="small", name="small"))
    pause_run(engine, run_of(engine, submitted))
    reconciler = Reconciler(engine, broker, stale_hint_s=0.0)
    for _ in range(2):
        reconciler.tick()
    client.flushall()
    assert (reconciler.tick().rehinted, broker.depth("synthetic")) == (4, 4)
    assert resume_run(engine, run_of(engine, submitted)) == submitted.jobs
    for _ in range(3):
        reconciler.tick()
    assert (count(engine, OUTBOX), broker.depth("synthetic")) == (0, HINTS_AT_MOST)


def test_jobs_submitted_without_a_broker_get_their_hints_when_it_is_there(
    engine: Engine, broker: HintBroker
) -> None:
    away = HintBroker("redis://127.0.0.1:1/0")
    outcome = submit_experiment(engine, away, long_submission())
    away.close()
    assert (outcome.submitted.created, outcome.published) == (HINTS_AT_MOST + SURPLUS, 0)
    assert "the broker is unreachable" in outcome.warnings[0]
    assert Reconciler(engine, broker).tick().published == HINTS_AT_MOST


def test_no_worker_finds_nothing_or_waits_while_jobs_are_left(
    engine: Engine, second: Engine
) -> None:
    """Claims run beside each other, and beside one whose transaction stays open all the while.

    A claim may wait for another for the moment that this one takes: Postgres follows a row that
    changes while it is being locked, and there waits in spite of SKIP LOCKED. It must never wait
    for a claim to be committed that it only met.
    """
    jobs, workers = 400, 8
    submit(engine, submission(repetitions=jobs // 2))
    claimed: list[int | None] = []
    start = threading.Barrier(workers + 1)

    def work(worker_id: uuid.UUID) -> None:
        start.wait(10)
        for _ in range(jobs // workers):
            job = take(engine, worker_id)
            claimed.append(None if job is None else job.job_id)

    threads = [threading.Thread(target=work, args=(register(engine),)) for _ in range(workers)]
    with transaction(second) as connection:
        (held,) = rows(connection, statement("claim"), claim_of(register(engine)))
        (itself,) = rows(connection, "SELECT pg_backend_pid() AS pid")
        for thread in threads:
            thread.start()
        start.wait(10)
        waits = 0
        while any(thread.is_alive() for thread in threads):
            waits += count(engine, WAIT_FOR.format(pid=itself["pid"]))
    assert waits == 0
    assert claimed.count(None) == 1, "the job that the slow claim holds"
    assert {held["id"], *claimed} - {None} == all_jobs(engine)
    assert take(engine, register(engine)) is None


@pytest.mark.parametrize(
    "name", ["run_counts", "run_pace", "run_failures", "run_list", "waiting", "next_jobs"]
)
def test_what_is_asked_every_second_reads_no_table_of_jobs_from_end_to_end(
    engine: Engine, name: str
) -> None:
    submitted = submit(engine, long_submission())
    given = {"run": submitted.run_id, "limit": 100, "latest": 100, "queue": "synthetic"}
    given |= {"pause_s": 300.0, "tag": None}
    explain = f"EXPLAIN {statement(name, 'queue' if name in ('waiting', 'next_jobs') else 'runs')}"
    done = "UPDATE eval.job SET state = 'succeeded', finished_at = now() WHERE id %% 10 < 8"
    for before in ("SELECT", "ANALYZE eval.job", done, "ANALYZE eval.job"):
        with transaction(engine) as connection:
            rows(connection, before)
            plan = str(rows(connection, explain, given))
        assert "Seq Scan on job" not in plan, (before, plan)
        assert "uq_job" not in plan, (before, plan)
