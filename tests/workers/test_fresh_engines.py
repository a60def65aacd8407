"""Repetitions by fresh engines: each starts each model once, there and back, problems reordered."""

from __future__ import annotations

from sqlalchemy import Engine

from core.hints import HintBroker
from core.sampling_params import SamplingParams
from tests.support.database import query
from tests.support.jobs import publish, quickstart, spec
from tests.support.processes import worker

MODELS, REPETITIONS = ("a", "b"), 3


def submitted(engine: Engine, broker: HintBroker, *, fresh_engine: bool) -> int:
    """Submit and return how many jobs there are."""
    models = tuple(spec(name) for name in MODELS)
    given = {"problems": quickstart(), "repetitions": REPETITIONS, "fresh_engine": fresh_engine}
    return publish(engine, broker, models=models, sampling=SamplingParams(seed=7), **given).jobs


def run(
    environment: dict[str, str], engine: Engine, broker: HintBroker, *, fresh_engine: bool
) -> None:
    jobs = submitted(engine, broker, fresh_engine=fresh_engine)
    with worker(environment, "--queue", "synthetic") as process:
        for _ in range(jobs):
            process.wait_for("job.succeeded")


def test_each_repetition_has_its_own_engine_and_models_alternate_in_order(
    environment: dict[str, str], engine: Engine, broker: HintBroker
) -> None:
    run(environment, engine, broker, fresh_engine=True)
    served = query(
        engine,
        "SELECT m.name, count(*) AS jobs, min(j.repetition) AS first, max(j.repetition) AS last "
        "FROM eval.generation AS g JOIN eval.job AS j ON j.id = g.job_id JOIN eval.model AS m ON "
        "m.id = j.model_id GROUP BY g.boot_id, m.name ORDER BY g.boot_id",
    )
    assert [row["name"] for row in served] == ["a", "b", "b", "a", "a", "b"]
    assert [(row["jobs"], row["first"], row["last"]) for row in served] == [
        (6, n, n) for n in (1, 1, 2, 2, 3, 3)
    ]


def test_without_fresh_engines_each_model_is_started_once(
    environment: dict[str, str], engine: Engine, broker: HintBroker
) -> None:
    run(environment, engine, broker, fresh_engine=False)
    assert query(engine, "SELECT count(*) AS starts FROM eval.boot") == [{"starts": len(MODELS)}]


def test_problems_come_in_another_order_each_repetition_and_in_the_same_for_all_models(
    engine: Engine, broker: HintBroker
) -> None:
    submitted(engine, broker, fresh_engine=True)
    orders = query(
        engine,
        "SELECT m.name, j.repetition, array_agg(j.problem_id ORDER BY j.id) AS problems FROM "
        "eval.job AS j JOIN eval.model AS m ON m.id = j.model_id GROUP BY m.name, j.repetition",
    )
    by_model = {
        name: {row["repetition"]: row["problems"] for row in orders if row["name"] == name}
        for name in MODELS
    }
    assert by_model["a"] == by_model["b"]
    assert len({tuple(problems) for problems in by_model["a"].values()}) == REPETITIONS
