"""Searches on the queue by a real worker with a synthetic engine: limits, reasons, and kill -9."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from db.queue.claims import LeaseLost
from db.queue.probes import add_point, end_search
from db.runs.submissions import Submitted
from tests.support.database import query, take_back
from tests.support.jobs import Enqueue, publish_search, register, spec, take
from tests.support.processes import worker

LENGTHS = {"input_tokens": 16, "output_tokens": 16}
SEQUENCES = {"kind": "sequences", "max_level": 8, "trials": 3, **LENGTHS}
CONTEXT = {"kind": "context", "levels": [300, 600], "max_level": 600, "trials": 1}


@pytest.fixture
def enqueue(engine: Engine, broker: HintBroker) -> Enqueue:
    """Submit searches of one synthetic model and publish their hints."""

    def run(
        probe: dict[str, Any] = SEQUENCES, *, searches: int = 1, name: str = "fake", **options: Any
    ) -> Submitted:
        given = {"experiment_hash": name, "models": (spec(name, **options),)}
        return publish_search(engine, broker, probe, name=name, repetitions=searches, **given)

    return run


def threshold(engine: Engine, submitted: Submitted) -> dict[str, Any]:
    found = query(
        engine, f"SELECT * FROM analytics_v1.probe_thresholds WHERE run_id = '{submitted.run_id}'"
    )
    assert len(found) == 1
    return found[0]


def limit(engine: Engine, submitted: Submitted) -> tuple[Any, ...]:
    found = threshold(engine, submitted)
    return tuple(found[key] for key in ("max_stable", "first_failure", "reason", "limited_by"))


def tried(engine: Engine, submitted: Submitted) -> list[tuple[Any, ...]]:
    columns = "p.level, p.trial, p.outcome, p.reason"
    found = query(
        engine,
        f"SELECT {columns} FROM eval.probe_point AS p JOIN eval.job AS j ON j.id = p.job_id "
        f"WHERE j.run_id = '{submitted.run_id}' ORDER BY p.job_id, p.ordinal",
    )
    return [tuple(row.values()) for row in found]


def starts(engine: Engine, submitted: Submitted) -> int:
    models = f"SELECT model_id FROM eval.job WHERE run_id = '{submitted.run_id}'"
    sql = f"SELECT count(*) AS n FROM eval.boot WHERE model_id IN ({models})"
    return int(query(engine, sql)[0]["n"])


def test_limits_of_every_kind_are_found_and_distinguished(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    memory = enqueue(name="a", searches=2, tpot_ms=5, fail={"class": "OOM", "concurrent": 5})
    dead = enqueue(name="b", tpot_ms=5, fail={"class": "ENGINE_DEAD", "concurrent": 2})
    waiting = enqueue(name="c", tpot_ms=5, kv_sequences=3)
    slow = enqueue(SEQUENCES | {"sla_s": 0.05}, name="d", ttft_ms=100)
    highest = enqueue(SEQUENCES | {"max_level": 3, "trials": 1}, name="e", tpot_ms=5)
    never = enqueue(name="f", fail={"start": "INIT_NO_KV"})
    context = enqueue(CONTEXT, name="g", text="the value is 43")
    with worker(environment, "--queue", "synthetic") as process:
        for _ in range(8):
            process.wait_for("job.succeeded")
        assert process.stop() == 0

    assert limit(engine, memory) == (5, 6, "RUNTIME_CUDA_OOM", "memory")
    assert (threshold(engine, memory)["searches"], threshold(engine, memory)["agreed"]) == (2, True)
    points = tried(engine, memory)
    assert points[: len(points) // 2] == points[len(points) // 2 :], (
        "the second search went the same way"
    )
    levels = [1] * 3 + [2] * 3 + [4] * 3 + [8, 6] + [5] * 3
    assert [point[0] for point in points[: len(points) // 2]] == levels
    assert starts(engine, memory) == 6, (
        "each search starts an engine, and another after each of two failures"
    )

    assert limit(engine, dead) == (2, 3, "ENGINE_DEAD", "other"), (
        "a dead engine is not taken for memory"
    )
    assert limit(engine, waiting) == (3, 4, "WAITING", "kv_cache")
    assert starts(engine, waiting) == 1, "the engine serves on"
    assert limit(engine, slow) == (0, 1, "SLA", "latency")
    assert limit(engine, highest) == (3, None, None, "level")
    assert (tried(engine, never), starts(engine, never)) == ([(1, 1, "failed", "INIT_NO_KV")], 0)
    assert limit(engine, never) == (0, 1, "INIT_NO_KV", "memory")
    assert limit(engine, context) == (600, None, None, "level")
    assert starts(engine, context) == 2, "an engine for each length"

    figures = query(
        engine, "SELECT * FROM analytics_v1.probe_points WHERE model = 'e' AND level = 3"
    )[0]
    assert (figures["requests"], figures["errors"]) == (3, 0)
    assert (figures["preemptions"], figures["waiting_steps"]) == (0, 0)
    assert figures["details"]["running_peak"] == 3
    assert 0 < figures["e2e_p50_s"] <= figures["e2e_p95_s"]
    assert figures["tokens_per_s"] > 0
    assert figures["memory_kind"] is None, "a synthetic engine has no memory"
    for point in query(
        engine,
        "SELECT level, answer_right, details FROM analytics_v1.probe_points WHERE model = 'g'",
    ):
        assert point["answer_right"] == (point["details"]["asked"]["answer"] == 43)
        assert 0 <= point["level"] - 64 - point["details"]["prompt_tokens"] < 20
    ended = "SELECT DISTINCT outcome, ended_at IS NOT NULL AS ended FROM eval.attempt"
    assert query(engine, ended) == [{"outcome": "succeeded", "ended": True}]


def test_what_no_trial_is_to_blame_for_fails_the_job(
    environment: dict[str, str], engine: Engine, enqueue: Enqueue
) -> None:
    expected = {
        "MODEL_UNAVAILABLE": enqueue(name="a", fail={"start": "MODEL_UNAVAILABLE"}),
        "OPTION_REFUSED": enqueue(name="b", no_such_option=1),
        "PROMPT_TOO_LONG": enqueue(name="c", max_model_len=8),
        "MEMORY_LIMIT": enqueue(SEQUENCES | {"memory_limit_mib": 1024}, name="d"),
        "PROBE_UNKNOWN": enqueue(SEQUENCES | {"kind": "horses"}, name="e"),
    }
    with worker(environment, "--queue", "synthetic") as process:
        for _ in expected:
            process.wait_for("job.failed", state="failed")
    for error_class, submitted in expected.items():
        assert query(
            engine, f"SELECT state, error_class FROM eval.job WHERE run_id = '{submitted.run_id}'"
        ) == [{"state": "failed", "error_class": error_class}]
        assert tried(engine, submitted) == []


def test_a_killed_workers_search_resumes_where_it_stopped(
    environment: dict[str, str], engine: Engine, broker: HintBroker, enqueue: Enqueue
) -> None:
    submitted = enqueue(tpot_ms=20, fail={"class": "OOM", "concurrent": 5})
    with worker(environment, "--queue", "synthetic") as process:
        process.wait_for("probe.point", tried=2, trial=2)
        process.stop(signal.SIGKILL)
    before = tried(engine, submitted)
    assert before[:4] == [
        (1, 1, "stable", None),
        (1, 2, "stable", None),
        (1, 3, "stable", None),
        (2, 1, "stable", None),
    ]
    take_back(engine, broker)
    with worker(environment, "--queue", "synthetic") as process:
        assert process.wait_for("probe.begun")["points"] == len(before)
        process.wait_for("job.succeeded", attempt_no=2)
    points = query(engine, "SELECT ordinal, attempt_no FROM eval.probe_point ORDER BY ordinal")
    assert [row["ordinal"] for row in points] == list(range(1, len(points) + 1))
    assert [row["attempt_no"] for row in points] == [1] * len(before) + [2] * (
        len(points) - len(before)
    )
    assert tried(engine, submitted)[: len(before)] == before
    assert len(tried(engine, submitted)) == len(
        {point[:2] for point in tried(engine, submitted)}
    ), "nothing was tried twice"
    assert limit(engine, submitted) == (5, 6, "RUNTIME_CUDA_OOM", "memory")


def test_points_and_ends_are_written_once_and_by_the_attempt_alone(
    engine: Engine, enqueue: Enqueue
) -> None:
    submitted = enqueue()
    job = query(engine, "SELECT id FROM eval.job")[0]["id"]
    point = {"level": 1, "trial": 1, "outcome": "stable", "requests": 1, "errors": 0, "details": {}}
    with pytest.raises(LeaseLost):
        add_point(engine, job, 1, 1, point)
    with pytest.raises(LeaseLost):
        end_search(engine, job, 1)
    assert tried(engine, submitted) == []
    assert take(engine, register(engine)) is not None
    for _ in range(2):  # as where an answer was lost
        add_point(engine, job, 1, 1, point)
    with pytest.raises(LeaseLost):
        add_point(engine, job, 2, 2, point)
    assert tried(engine, submitted) == [(1, 1, "stable", None)]
    for _ in range(2):
        end_search(engine, job, 1)
    with pytest.raises(LeaseLost):
        add_point(engine, job, 1, 2, point)
    assert query(engine, "SELECT state FROM eval.job") == [{"state": "succeeded"}]
