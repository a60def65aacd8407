"""Views of what was asked and by whom: problems, steps, models, and the state of runs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine

from core.model_spec import ModelSpec
from core.states import FailureKind
from db.engine import rows, transaction
from db.migrate import alembic_config
from db.queue.commits import commit
from db.runs.control import pause_run, resume_run
from db.runs.run import cancel_run, list_runs
from db.runs.submissions import submit
from orchestrator.runs.submit import record_of
from problems.loader import load_set
from problems.schema import Problem
from tests.support.analytics import seed_analytics
from tests.support.analytics_contract import SNAPSHOT, changes, columns
from tests.support.database import query
from tests.support.jobs import (
    PROBLEM,
    claimed,
    fail,
    register,
    run_of,
    spec,
    submission,
)
from tests.support.results import result

STATES = "SELECT run, state FROM analytics_v1.runs"
#: What the revision appended to views that were there before.
APPENDED = {"runs": 3, "jobs": 2, "attempts": 1, "generations": 3, "scores": 2,
            "step_verdicts": 3, "memory_samples": 1, "card_looks": 1}  # fmt: skip
COMMENTS = """
SELECT c.relname, a.attname, d.description
  FROM pg_class AS c
  JOIN pg_description AS d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid
  LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.objsubid
 WHERE c.relkind = 'v' AND c.relnamespace IN ('eval'::regnamespace, 'analytics_v1'::regnamespace)
 ORDER BY c.relname, a.attname
"""


def states(engine: Engine) -> dict[str, str]:
    """Return the state of each run as the view has it, which must be that of ``status``."""
    found = {row["run"]: row["state"] for row in query(engine, STATES)}
    assert found == {run.name: progress.state for run, progress in list_runs(engine)}
    return found


def test_the_state_of_a_run_is_that_of_status_through_its_life(engine: Engine) -> None:
    one = {"problems": (PROBLEM,), "repetitions": 1}
    first = submit(engine, submission(**one | {"repetitions": 2}))
    me = register(engine)
    assert states(engine) == {"night": "queued"}
    job = claimed(engine, me)
    assert states(engine) == {"night": "running"}
    pause_run(engine, run_of(engine, first))
    assert states(engine) == {"night": "paused"}
    commit(engine, job.job_id, job.attempt_no, result(engine, me, job))
    resume_run(engine, run_of(engine, first))
    assert states(engine) == {"night": "running"}, "one of two is done"
    job = claimed(engine, me)
    commit(engine, job.job_id, job.attempt_no, result(engine, me, job))
    assert states(engine) == {"night": "succeeded"}

    submit(engine, submission(experiment_hash="e2", name="bad", **one))
    assert fail(engine, claimed(engine, me), kind=FailureKind.REJECTED) == "failed"
    dropped = submit(engine, submission(experiment_hash="e3", name="dropped", **one))
    cancel_run(engine, run_of(engine, dropped))
    assert states(engine) == {"night": "succeeded", "bad": "failed", "dropped": "cancelled"}


def test_a_run_has_its_settings_and_its_schedule(engine: Engine) -> None:
    seed_analytics(engine)
    found = query(engine, "SELECT run, settings, schedule FROM analytics_v1.runs")
    assert len(found) == len(query(engine, "SELECT id FROM eval.run")), "a row each"
    shown = {row["run"]: row for row in found}
    assert shown["quickstart"]["settings"] == submission().experiment
    assert {run: row["schedule"] for run, row in shown.items() if row["schedule"]} == {
        "quickstart": "nightly"
    }


def test_problems_and_steps_say_what_the_files_say(engine: Engine) -> None:
    known = {one.id: one for one in (with_an_optional_step(), *load_set("starter"))}
    submit(engine, submission(problems=tuple(map(record_of, known.values()))))
    shown = {row["problem"]: row for row in query(engine, "SELECT * FROM analytics_v1.problems")}
    assert shown.keys() == known.keys()
    for name, problem in known.items():
        assert said(shown[name]) == {
            "category": problem.level,
            "difficulty": problem.difficulty,
            "topics": list(problem.topics),
            "statement_en": problem.statement.get("en"),
            "statement_zh": problem.statement.get("zh"),
            "answer": next(iter(problem.answer.any_of), None),
            "answer_kind": problem.answer.kind,
            "answer_unit": problem.answer.unit,
            "content_hash": problem.content_hash,
        }
    steps = query(engine, "SELECT * FROM analytics_v1.steps ORDER BY problem, path, ordinal")
    wanted = [step for name in sorted(known) for step in steps_of(known[name])]
    assert [said(row) for row in steps] == wanted
    assert {row["weight"] for row in steps if not row["necessary"]} == {2.5}


def with_an_optional_step() -> Problem:
    problem = next(iter(load_set("quickstart")))
    path, *paths = problem.paths
    optional, *steps = path.steps
    optional = replace(optional, necessary=False, weight=2.5)
    return replace(problem, paths=(replace(path, steps=(optional, *steps)), *paths))


def said(row: dict[str, Any]) -> dict[str, Any]:
    left_out = ("problem_id", "problem", "created_at")
    return {name: value for name, value in row.items() if name not in left_out}


def steps_of(problem: Problem) -> list[dict[str, Any]]:
    return [
        {
            "path": path.id,
            "ordinal": place,
            "step": step.id,
            "description_en": step.describe.get("en"),
            "description_zh": step.describe.get("zh"),
            "necessary": step.necessary,
            "weight": step.weight,
        }
        for path in sorted(problem.paths, key=lambda one: one.id)
        for place, step in enumerate(path.steps, start=1)
    ]


def test_a_changed_problem_counts_no_result_twice(engine: Engine) -> None:
    seed_analytics(engine)
    query(
        engine,
        "INSERT INTO eval.problem (name, content_hash, category, document)"
        " SELECT name, content_hash || '-changed', category, document FROM eval.problem",
    )
    joined = (
        "SELECT count(*) AS n FROM analytics_v1.generations AS g"
        " JOIN analytics_v1.problems AS p USING (problem_id)"
        " JOIN analytics_v1.models AS m USING (model_id)"
    )
    results = query(engine, "SELECT count(*) AS n FROM analytics_v1.generations")
    assert results[0]["n"] > 0
    assert query(engine, joined) == results
    verdicts = query(engine, "SELECT count(*) AS n FROM analytics_v1.step_verdicts")
    joined = (
        "SELECT count(*) AS n FROM analytics_v1.step_verdicts"
        " JOIN analytics_v1.steps USING (problem_id, path, step)"
    )
    assert query(engine, joined) == verdicts


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({}, {}),
        ({"max_model_len": 2048, "dtype": "auto"}, {"max_model_len": 2048, "dtype": "auto"}),
        ({"headers": {}}, {"headers": {}}),
        (
            {"headers": {"X-Org": 'blue "1"', "X-Api-Key": "${KEY}"}, "no_cache": True},
            {"headers": {"X-Org": "***", "X-Api-Key": "***"}, "no_cache": True},
        ),
        (
            {"hf_token": 'a "quoted\\" one', "extra_body": {"API-key": "k", "top_a": 0.2}},
            {"hf_token": "***", "extra_body": {"API-key": "***", "top_a": 0.2}},
        ),
        (
            {"max_num_batched_tokens": 8, "tokenizer": "x", "note": '"token": "stays"'},
            {"max_num_batched_tokens": 8, "tokenizer": "x", "note": '"token": "stays"'},
        ),
    ],
    ids=["none", "plain", "no-headers", "headers", "secrets", "like-secrets"],
)
def test_options_of_a_model_are_shown_without_secrets(
    engine: Engine, options: dict[str, Any], shown: dict[str, Any]
) -> None:
    model = ModelSpec(
        name="m",
        engine="openai",
        source="served",
        queue="openai",
        quantisation="fp8",
        options=options,
        base_url="http://127.0.0.1:1/v1",
        api_key_env="NAME_OF_A_KEY",
        price_per_gpu_hour=2.5,
    )
    submit(engine, submission(models=(model, spec("simulated"))))
    both = query(engine, "SELECT model FROM analytics_v1.models ORDER BY model")
    assert [one["model"] for one in both] == ["m", "simulated"]
    with transaction(engine) as connection:
        rows(connection, "SELECT set_config('evalctl.include_synthetic', 'off', true)")
        (row,) = rows(connection, "SELECT * FROM analytics_v1.models")
    assert row["options"] == shown
    assert (row["model"], row["engine"], row["source"]) == ("m", "openai", "served")
    assert (row["revision"], row["quantisation"]) == (None, "fp8")
    assert (row["price_per_gpu_hour"], row["spec_hash"]) == (2.5, model.spec_hash)
    assert "NAME_OF_A_KEY" not in str(row)


def test_a_result_names_its_worker_and_every_detail_its_run(engine: Engine) -> None:
    seed_analytics(engine)
    (run,) = query(engine, "SELECT run_id FROM analytics_v1.runs WHERE run = 'quickstart'")
    workers = query(engine, "SELECT DISTINCT worker, run_id FROM analytics_v1.generations")
    assert [row["run_id"] for row in workers] == [run["run_id"]]
    assert query(engine, "SELECT worker FROM analytics_v1.workers WHERE gpu_uuid = 'GPU-0'") == [
        {"worker": workers[0]["worker"]}
    ]
    for view in ("attempts", "step_verdicts", "memory_samples", "card_looks"):
        named = query(engine, f"SELECT DISTINCT run, run_id FROM analytics_v1.{view}")
        assert {"run": "quickstart", **run} in named, view


def test_the_version_before_gets_its_views_back(engine: Engine) -> None:
    seed_analytics(engine)
    newest = columns(engine)
    _move(engine, "downgrade", "0027")
    now, comments = columns(engine), query(engine, COMMENTS)
    _move(engine, "downgrade", "0026")
    before = columns(engine)
    left = {view: len(now[view]) - len(before.get(view, ())) for view in now}
    added = {view: len(now[view]) for view in ("problems", "steps", "models")}
    assert {view: number for view, number in left.items() if number} == APPENDED | added
    assert changes(before, now) == []
    kept = [row for row in comments if row in query(engine, COMMENTS)]
    assert len(comments) - len(kept) == sum(left.values()) + len(added), "and their own comments"
    assert query(engine, "SELECT count(*) AS n FROM analytics_v1.problem_scores")[0]["n"] > 0

    _move(engine, "downgrade", "0019")
    _move(engine, "upgrade", "head")
    assert columns(engine) == newest
    assert changes(json.loads(SNAPSHOT.read_text(encoding="utf-8")), newest) == []


def _move(engine: Engine, direction: str, revision: str) -> None:
    config = alembic_config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        getattr(command, direction)(config, revision)
        connection.commit()
