"""Repetitions by fresh engines: each starts each model once, there and back, problems reordered."""

from __future__ import annotations

from sqlalchemy import Engine

from core.hints import HintBroker
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from db.outbox import publish_outbox
from db.submissions import Submission, submit
from orchestrator.submit import record_of
from problems.loader import load_set
from tests.support.database import query
from tests.support.processes import worker

MODELS, REPETITIONS = ("a", "b"), 3


def submission(*, fresh_engine: bool) -> Submission:
    models = (
        ModelSpec(name=name, engine="synthetic", source="fake", queue="synthetic")
        for name in MODELS
    )
    return Submission(
        name="run",
        experiment_hash="e",
        experiment={"language": "en", "problems": "quickstart"},
        provenance={},
        models=tuple(models),
        problems=tuple(record_of(problem) for problem in load_set("quickstart")),
        prompts=("plain",),
        repetitions=REPETITIONS,
        mode="latency",
        sampling=SamplingParams(seed=7),
        fresh_engine=fresh_engine,
    )


def run(
    environment: dict[str, str], engine: Engine, broker: HintBroker, *, fresh_engine: bool
) -> int:
    jobs = submit(engine, submission(fresh_engine=fresh_engine)).jobs
    publish_outbox(engine, broker)
    with worker(environment, "--queue", "synthetic") as process:
        for _ in range(jobs):
            process.wait_for("job.succeeded")
    return jobs


def test_each_repetition_has_its_own_engine_and_models_alternate_in_order(
    environment: dict[str, str], engine: Engine, broker: HintBroker
) -> None:
    run(environment, engine, broker, fresh_engine=True)
    served = query(
        engine,
        "SELECT m.name, count(*) AS jobs, min(j.repetition) AS first, max(j.repetition) AS last "
        "FROM eval.generation AS g "
        "JOIN eval.job AS j ON j.id = g.job_id JOIN eval.model AS m ON m.id = j.model_id GROUP "
        "BY g.boot_id, m.name "
        "ORDER BY g.boot_id",
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
    engine: Engine,
) -> None:
    submit(engine, submission(fresh_engine=True))
    orders = query(
        engine,
        "SELECT m.name, j.repetition, array_agg(j.problem_id ORDER BY j.id) AS problems FROM "
        "eval.job AS j "
        "JOIN eval.model AS m ON m.id = j.model_id GROUP BY m.name, j.repetition",
    )
    by_model = {
        name: {row["repetition"]: row["problems"] for row in orders if row["name"] == name}
        for name in MODELS
    }
    assert by_model["a"] == by_model["b"]
    assert len({tuple(problems) for problems in by_model["a"].values()}) == REPETITIONS
