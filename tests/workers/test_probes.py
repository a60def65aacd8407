"""Searches on the queue, run by a real worker with the synthetic engine: limits, reasons, and what survives kill -9."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from db.engine import rows, transaction
from db.hints import HintBroker
from db.model_spec import ModelSpec
from db.outbox import publish_outbox
from db.probes import add_point, end_search
from db.runs import Submission, Submitted, find_run, run_progress, submit
from db.sampling import Sampling
from orchestrator.reconciler import Reconciler
from tests.processes import worker

SEQUENCES = {"kind": "sequences", "max_level": 8, "trials": 3, "input_tokens": 16, "output_tokens": 4}


@pytest.fixture
def enqueue(engine: Engine, broker: HintBroker) -> Callable[..., Submitted]:
    """Submit searches of one synthetic model and publish their hints."""

    def run(probe: dict[str, Any] = SEQUENCES, *, searches: int = 1, **options: Any) -> Submitted:
        model = ModelSpec(name="fake", engine="synthetic", source="made-up", queue="synthetic", options=options)
        submitted = submit(
            engine,
            Submission(
                name="probe",
                experiment_hash="e",
                experiment={},
                provenance={},
                models=(model,),
                problems=(),
                prompts=(probe["kind"],),
                repetitions=searches,
                mode="latency",
                sampling=Sampling(),
                probe=probe,
            ),
        )
        publish_outbox(engine, broker)
        return submitted

    return run


def query(engine: Engine, sql: str) -> list[dict[str, Any]]:
    with transaction(engine) as connection:
        return rows(connection, sql)


def threshold(engine: Engine) -> dict[str, Any]:
    found = query(engine, "SELECT * FROM analytics_v1.probe_thresholds")
    assert len(found) == 1
    return found[0]


def tried(engine: Engine) -> list[tuple[Any, ...]]:
    found = query(engine, "SELECT level, trial, outcome, reason FROM eval.probe_point ORDER BY job_id, ordinal")
    return [tuple(row.values()) for row in found]


def run_to_the_end(environment: dict[str, str], searches: int = 1) -> None:
    with worker(environment, "--queue", "synthetic") as process:
        for _ in range(searches):
            process.wait_for("job.succeeded")
        assert process.stop() == 0


def test_an_out_of_memory_limit_is_found_twice_alike_and_the_worker_lives(
    environment: dict[str, str], engine: Engine, enqueue: Callable[..., Submitted]
) -> None:
    enqueue(searches=2, tpot_ms=5, fail={"class": "OOM", "concurrent": 5})
    run_to_the_end(environment, searches=2)
    found = threshold(engine)
    assert (found["max_stable"], found["first_failure"], found["reason"]) == (5, 6, "RUNTIME_CUDA_OOM")
    assert (found["limited_by"], found["searches"], found["agreed"], found["unit"]) == ("memory", 2, True, "sequences")
    points = tried(engine)
    assert points[: len(points) // 2] == points[len(points) // 2 :], "the second search went the same way"
    assert [point[0] for point in points[: len(points) // 2]] == [1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 6, 5, 5, 5]
    ended = "SELECT outcome, ended_at IS NOT NULL AS ended, boot_id IS NOT NULL AS booted FROM eval.attempt"
    assert query(engine, ended) == [{"outcome": "succeeded", "ended": True, "booted": True}] * 2
    starts = query(engine, "SELECT count(*) AS n FROM eval.boot")
    assert starts == [{"n": 6}], "each search starts an engine, and another after each of two failures"


def test_an_engine_that_dies_is_not_taken_for_memory(
    environment: dict[str, str], engine: Engine, enqueue: Callable[..., Submitted]
) -> None:
    enqueue(tpot_ms=5, fail={"class": "ENGINE_DEAD", "concurrent": 2})
    run_to_the_end(environment)
    found = threshold(engine)
    assert (found["max_stable"], found["first_failure"], found["reason"]) == (2, 3, "ENGINE_DEAD")
    assert found["limited_by"] == "other"


def test_requests_that_wait_are_not_stable_and_no_failure_of_memory(
    environment: dict[str, str], engine: Engine, enqueue: Callable[..., Submitted]
) -> None:
    enqueue(tpot_ms=5, kv_sequences=3)
    run_to_the_end(environment)
    found = threshold(engine)
    assert (found["max_stable"], found["first_failure"], found["reason"]) == (3, 4, "WAITING")
    assert found["limited_by"] == "kv_cache"
    assert query(engine, "SELECT count(*) AS n FROM eval.boot") == [{"n": 1}], "the engine serves on"


def test_slow_answers_are_a_limit_where_one_was_set(
    environment: dict[str, str], engine: Engine, enqueue: Callable[..., Submitted]
) -> None:
    enqueue(SEQUENCES | {"sla_s": 0.05}, ttft_ms=100)
    run_to_the_end(environment)
    found = threshold(engine)
    assert (found["max_stable"], found["reason"], found["limited_by"]) == (0, "SLA", "latency")


def test_the_highest_level_asked_for_is_a_limit_of_its_own_kind(
    environment: dict[str, str], engine: Engine, enqueue: Callable[..., Submitted]
) -> None:
    enqueue(SEQUENCES | {"max_level": 3, "trials": 1}, tpot_ms=5)
    run_to_the_end(environment)
    found = threshold(engine)
    assert (found["max_stable"], found["first_failure"], found["limited_by"]) == (3, None, "level")
    figures = query(engine, "SELECT * FROM analytics_v1.probe_points WHERE level = 3")[0]
    assert (figures["requests"], figures["errors"], figures["preemptions"], figures["waiting_steps"]) == (3, 0, 0, 0)
    assert figures["details"]["running_peak"] == 3
    assert 0 < figures["e2e_p50_s"] <= figures["e2e_p95_s"]
    assert figures["tokens_per_s"] > 0
    assert figures["memory_kind"] is None, "a synthetic engine has no memory"


def test_an_engine_that_never_starts_is_one_point(
    environment: dict[str, str], engine: Engine, enqueue: Callable[..., Submitted]
) -> None:
    enqueue(fail={"start": "INIT_NO_KV"})
    run_to_the_end(environment)
    assert tried(engine) == [(1, 1, "failed", "INIT_NO_KV")]
    found = threshold(engine)
    assert (found["max_stable"], found["first_failure"], found["limited_by"]) == (0, 1, "memory")


@pytest.mark.parametrize(
    ("options", "probe", "error_class"),
    [
        ({"fail": {"start": "MODEL_UNAVAILABLE"}}, SEQUENCES, "MODEL_UNAVAILABLE"),
        ({"no_such_option": 1}, SEQUENCES, "OPTION_REFUSED"),
        ({"max_model_len": 8}, SEQUENCES, "PROMPT_TOO_LONG"),
        ({}, SEQUENCES | {"memory_limit_mib": 1024}, "MEMORY_LIMIT"),
        ({}, SEQUENCES | {"kind": "horses"}, "MODEL_UNAVAILABLE"),
    ],
)
def test_what_no_trial_is_to_blame_for_fails_the_job(
    environment: dict[str, str],
    engine: Engine,
    enqueue: Callable[..., Submitted],
    *,
    options: dict[str, Any],
    probe: dict[str, Any],
    error_class: str,
) -> None:
    submitted = enqueue(probe, **options)
    with worker(environment, "--queue", "synthetic") as process:
        process.wait_for("job.failed", state="failed", error_class=error_class)
    assert tried(engine) == []
    assert run_progress(engine, find_run(engine, str(submitted.run_id))).state == "failed"


def test_a_killed_workers_search_goes_on_where_it_stood(
    environment: dict[str, str], engine: Engine, broker: HintBroker, enqueue: Callable[..., Submitted]
) -> None:
    enqueue(tpot_ms=20, fail={"class": "OOM", "concurrent": 5})
    with worker(environment, "--queue", "synthetic") as process:
        process.wait_for("probe.point", level=2, trial=2)
        process.stop(signal.SIGKILL)
    before = tried(engine)
    assert before[:4] == [
        (1, 1, "stable", None),
        (1, 2, "stable", None),
        (1, 3, "stable", None),
        (2, 1, "stable", None),
    ]
    with transaction(engine) as connection:
        connection.exec_driver_sql("UPDATE eval.job SET lease_expires_at = now() - interval '1 s'")
    reconciler = Reconciler(engine, broker)
    reconciler.tick()
    with transaction(engine) as connection:
        for table in ("job", "outbox"):
            connection.exec_driver_sql(f"UPDATE eval.{table} SET available_at = now()")
    reconciler.tick()
    with worker(environment, "--queue", "synthetic") as process:
        assert process.wait_for("probe.begun")["points"] == len(before)
        process.wait_for("job.succeeded", attempt_no=2)
    points = query(engine, "SELECT ordinal, attempt_no FROM eval.probe_point ORDER BY ordinal")
    assert [row["ordinal"] for row in points] == list(range(1, len(points) + 1))
    assert [row["attempt_no"] for row in points] == [1] * len(before) + [2] * (len(points) - len(before))
    assert tried(engine)[: len(before)] == before
    assert len(tried(engine)) == len({point[:2] for point in tried(engine)}), "nothing was tried twice"
    assert (threshold(engine)["max_stable"], threshold(engine)["first_failure"]) == (5, 6)


def test_a_context_is_filled_with_a_question_and_its_answer_is_judged(
    environment: dict[str, str], engine: Engine, enqueue: Callable[..., Submitted]
) -> None:
    enqueue({"kind": "context", "levels": [300, 600], "max_level": 600, "trials": 1}, text="the value is 43")
    run_to_the_end(environment)
    points = query(engine, "SELECT level, outcome, answer_right, details FROM eval.probe_point ORDER BY ordinal")
    assert [(point["level"], point["outcome"]) for point in points] == [(300, "stable"), (600, "stable")]
    for point in points:
        assert point["answer_right"] == (point["details"]["asked"]["answer"] == 43)
        assert 0 <= point["level"] - 64 - point["details"]["prompt_tokens"] < 20
    found = threshold(engine)
    assert (found["max_stable"], found["unit"], found["limited_by"]) == (600, "tokens", "level")
    assert query(engine, "SELECT count(*) AS n FROM eval.boot") == [{"n": 2}], "an engine for each length"


def test_points_and_ends_are_written_once_and_by_the_attempt_alone(
    engine: Engine, enqueue: Callable[..., Submitted]
) -> None:
    enqueue()
    job = query(engine, "SELECT id FROM eval.job")[0]["id"]
    point = {"level": 1, "trial": 1, "outcome": "stable", "requests": 1, "errors": 0, "details": {}}
    from db.claims import LeaseLost  # noqa: PLC0415

    for write in (lambda: add_point(engine, job, 1, 1, point), lambda: end_search(engine, job, 1)):
        with pytest.raises(LeaseLost):
            write()
    assert tried(engine) == []
