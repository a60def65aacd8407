"""A real Celery worker process on the real servers, with the synthetic engine."""

from __future__ import annotations

import signal
from typing import Any

import pytest
import redis
from celery import Celery
from kombu import Queue
from sqlalchemy import Engine

from core.hints import HINT_TASK, HintBroker, queue_name
from core.sampling_params import SamplingParams
from db.engine import rows, transaction
from db.runs.submissions import Submitted
from orchestrator.upkeep.reconciler import Reconciler
from tests.support.database import query
from tests.support.jobs import Enqueue, progress_of, publish, quickstart, spec
from tests.support.processes import worker


@pytest.fixture
def enqueue(engine: Engine, broker: HintBroker) -> Enqueue:
    """Submit jobs of one synthetic model over the quickstart problems and publish their hints."""

    def run(repetitions: int = 1, **options: Any) -> Submitted:
        given = {
            "problems": quickstart(),
            "sampling": SamplingParams(**options.pop("sampling", {})),
        }
        models = (spec(**options),)
        return publish(engine, broker, models=models, repetitions=repetitions, **given)

    return run


def test_jobs_run_and_a_median_can_be_recomputed_by_hand(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    submitted = enqueue(repetitions=3, ttft_ms=5, tpot_ms=1)
    with worker(environment, "--queue", "synthetic") as process:
        for _ in range(18):
            process.wait_for("job.succeeded")
        assert process.stop() == 0
    assert progress_of(engine, submitted).state == "succeeded"
    stored = query(
        engine,
        "SELECT p.name, g.submitted_s, g.first_token_s, g.last_token_s FROM eval.generation AS g "
        "JOIN eval.job AS j ON j.id = g.job_id JOIN eval.problem AS p ON p.id = j.problem_id",
    )
    assert len(stored) == 18
    by_problem: dict[str, list[float]] = {}
    for row in stored:
        by_problem.setdefault(row["name"], []).append(
            (row["first_token_s"] - row["submitted_s"]) * 1000
        )
    middles = sorted(sorted(values)[1] for values in by_problem.values())
    by_hand = (middles[2] + middles[3]) / 2
    shown = query(engine, "SELECT ttft_ms, jobs, problems FROM analytics_v1.model_resources")
    assert [(row["jobs"], row["problems"]) for row in shown] == [(18, 6)]
    assert shown[0]["ttft_ms"] == pytest.approx(by_hand)
    assert by_hand >= 5
    categories = query(
        engine,
        "SELECT category, problems, repetitions FROM analytics_v1.category_scores ORDER BY "
        "category",
    )
    assert [tuple(row.values()) for row in categories] == [
        ("modelling", 2, 6),
        ("secondary", 2, 6),
        ("university", 2, 6),
    ]


def test_rows_of_synthetic_models_are_hidden_unless_asked_for(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    enqueue()
    with worker(environment, "--queue", "synthetic") as process:
        for _ in range(6):
            process.wait_for("job.succeeded")
    assert query(engine, "SELECT count(*) AS n FROM analytics_v1.generations")[0]["n"] == 6
    hidden = "SET LOCAL evalctl.include_synthetic = 'off'"
    with transaction(engine) as connection:
        connection.exec_driver_sql(hidden)
        assert rows(connection, "SELECT count(*) AS n FROM analytics_v1.generations")[0]["n"] == 0


def test_a_prompt_longer_than_the_context_fails_with_its_reason(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    submitted = enqueue(max_model_len=4)
    with worker(environment, "--queue", "synthetic") as process:
        for _ in range(6):
            process.wait_for("job.failed", state="failed", error_class="PROMPT_TOO_LONG")
    assert progress_of(engine, submitted).state == "failed"
    assert query(engine, "SELECT DISTINCT failure_kind FROM eval.job") == [
        {"failure_kind": "rejected"}
    ]


def test_a_dead_engine_is_replaced_and_the_job_runs_again(
    environment: dict[str, str], engine: Engine, broker: HintBroker, enqueue: Enqueue
) -> None:
    submitted = enqueue(fail={"class": "ENGINE_DEAD", "every": 4, "by": "count"})
    reconciler = Reconciler(engine, broker)
    with worker(environment, "--queue", "synthetic") as process:
        process.wait_for("job.failed", error_class="ENGINE_DEAD", state="queued")
        process.wait_for("engine.ready")
        with transaction(engine) as connection:
            for table in ("job", "outbox"):
                connection.exec_driver_sql(
                    f"UPDATE eval.{table} SET available_at = now() WHERE available_at > now()"
                )
        reconciler.tick()
        attempts = [process.wait_for("job.succeeded")["attempt_no"] for _ in range(3)]
    assert sorted(attempts) == [1, 1, 2], "three jobs were left, one of them for the second time"
    assert progress_of(engine, submitted).state == "succeeded"
    results = query(engine, "SELECT count(*) AS n, max(attempt_no) AS most FROM eval.generation")
    assert results == [{"n": 6, "most": 2}]


def test_speed_runs_are_timed_and_never_scored(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(sampling={"max_tokens": 16, "fixed_input_tokens": 32, "fixed_output_tokens": 16})
    with worker(environment, "--queue", "synthetic") as process:
        for _ in range(6):
            process.wait_for("job.succeeded", score7=None)
    assert query(
        engine, "SELECT DISTINCT prompt_tokens, output_tokens FROM analytics_v1.generations"
    ) == [{"prompt_tokens": 32, "output_tokens": 16}]
    assert query(engine, "SELECT count(*) AS n FROM eval.score")[0]["n"] == 0


def test_a_worker_drains_its_model_before_it_loads_another(
    environment: dict[str, str], engine: Engine, broker: HintBroker
) -> None:
    publish(engine, broker, models=(spec("a"), spec("b")), repetitions=4)
    with worker(environment, "--queue", "synthetic") as process:
        order = [process.wait_for("job.succeeded")["model"] for _ in range(8)]
    assert order == sorted(order), "jobs were submitted alternating, and run model by model"


def test_sigterm_in_the_middle_of_a_job_finishes_it(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    enqueue(ttft_ms=1500)
    with worker(environment, "--queue", "synthetic") as process:
        claimed = process.wait_for("job.claimed")
        code = process.stop(signal.SIGTERM)
    assert code == 0, process.tail()
    finished = query(engine, f"SELECT state FROM eval.job WHERE id = {claimed['job_id']}")
    assert finished == [{"state": "succeeded"}]
    assert query(engine, "SELECT state FROM eval.worker") == [{"state": "stopped"}]


def test_messages_that_are_no_hints_are_thrown_away(
    environment: dict[str, str], broker_url: str, enqueue: Enqueue
) -> None:
    app = Celery(broker=broker_url, set_as_current=False)
    queue = Queue(queue_name("synthetic"))
    app.send_task("evalctl.unknown", args=[1], queue=queue)
    app.send_task(HINT_TASK, args=["one", "too", "many"], queue=queue)
    app.send_task(HINT_TASK, args=[{1, 2}], queue=queue, serializer="pickle")
    app.close()
    with worker(environment, "--queue", "synthetic") as process:
        process.wait_for("worker.ready")
        enqueue()
        for _ in range(6):
            process.wait_for("job.succeeded")
        assert process.stop() == 0
    assert "".join(process.lines).count('"event": "message.rejected"') == 3


def test_an_emptied_broker_is_filled_again(
    environment: dict[str, str],
    engine: Engine,
    broker: HintBroker,
    broker_url: str,
    enqueue: Enqueue,
) -> None:
    submitted = enqueue()
    client = redis.Redis.from_url(broker_url)
    client.flushall()
    client.close()
    assert Reconciler(engine, broker).tick().rehinted == 0, "fresh hints may still be on their way"
    tick = Reconciler(engine, broker, stale_hint_s=0.0).tick()
    assert (tick.rehinted, tick.published, broker.depth("synthetic")) == (6, 6, 6)
    with worker(environment, "--queue", "synthetic") as process:
        for _ in range(6):
            process.wait_for("job.succeeded")
    assert progress_of(engine, submitted).state == "succeeded"
