"""Views over finished runs show the same, kept or computed, and forget what a change touches."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from bench.filling import RESULTS_A_REPETITION, add_runs
from core.model_spec import ModelSpec
from core.states import JobState
from db.engine import rows, transaction
from db.queue.commits import commit
from db.runs.control import retry_jobs
from db.runs.run import Run, find_run
from db.runs.submissions import submit
from db.upkeep.kept_results import keep_run, runs_to_keep
from orchestrator.upkeep.result_keeper import ResultKeeper
from tests.support.analytics import seed_analytics
from tests.support.database import query
from tests.support.jobs import PROBLEM, claim_one, fail, register, spec, submission
from tests.support.results import result, store

KEPT = (
    *("problem_scores", "category_scores", "prompt_uplift", "problem_resources"),
    *("model_resources", "unscored_answers", "cache_checks", "step_counts"),
    *("job_counts", "attempt_counts", "answer_totals", "model_energy"),
)
CHANGED = "SELECT DISTINCT score7 FROM analytics_v1.problem_scores WHERE run = 'quickstart'"
IS_KEPT = "SELECT run_id FROM eval.kept_run WHERE synthetic IS NOT NULL"


def shown(engine: Engine, *, flagged: bool = False, name: str = "") -> dict[str, list[str]]:
    """Return the rows of every kept view as sorted texts."""
    found = {}
    with transaction(engine) as connection:
        if flagged:
            rows(connection, "SELECT set_config('evalctl.include_flagged', 'on', true)")
        for view in KEPT:
            condition = "WHERE run = %(name)s" if name else ""
            sql = f"SELECT x::text AS row FROM analytics_v1.{view} AS x {condition} ORDER BY 1"
            found[view] = [row["row"] for row in rows(connection, sql, {"name": name})]
    return found


@pytest.fixture
def ended(engine: Engine) -> Run:
    """Store a run that has ended, with rows in every kept view."""
    seed_analytics(engine)
    return find_run(engine, "quickstart")


def test_kept_and_computed_rows_are_the_same(engine: Engine, ended: Run) -> None:
    computed, with_flagged = shown(engine), shown(engine, flagged=True)
    assert all(computed.values()), "every kept view has rows"

    assert keep_run(engine, ended.run_id)

    stored = {view: query(engine, f"SELECT count(*) AS n FROM eval_kept.{view}") for view in KEPT}
    assert all(found[0]["n"] for found in stored.values()), "rows were kept of every view"
    assert shown(engine) == computed
    query(engine, "UPDATE eval_kept.problem_scores SET score7 = 6.5")
    assert shown(engine)["problem_scores"] != computed["problem_scores"], "they are read from there"
    assert shown(engine, flagged=True) == with_flagged, "flagged rows included: computed"


FLAGS = "SELECT job_id, flags, flagged, used FROM analytics_v1.generations ORDER BY job_id"


def test_kept_lengths_flag_the_same_answers(engine: Engine) -> None:
    (run,) = add_runs(engine, runs=1, results=4 * RESULTS_A_REPETITION)
    computed = query(engine, FLAGS)
    odd = {row["job_id"] for row in computed if "length_outlier" in row["flags"]}
    assert 0 < len(odd) < len(computed)
    medians = shown(engine)

    assert keep_run(engine, run)
    kept = query(engine, "SELECT job_id FROM eval_kept.length_outliers ORDER BY job_id")
    assert {row["job_id"] for row in kept} == odd
    assert query(engine, FLAGS) == computed
    assert shown(engine) == medians, "what is kept of medians knows the lengths"

    query(engine, "UPDATE eval.generation SET output_tokens = 500")
    assert all("length_outlier" not in row["flags"] for row in query(engine, FLAGS)), "forgotten"


HOURS = "SELECT run, gpu_hours, attempts FROM analytics_v1.run_gpu_hours ORDER BY run"


def test_kept_and_computed_gpu_hours_are_the_same(engine: Engine, ended: Run) -> None:
    computed = query(engine, HOURS)
    assert {row["run"]: row["attempts"] for row in computed}["quickstart"] == 16

    assert keep_run(engine, ended.run_id)
    assert query(engine, HOURS) == computed
    query(engine, "UPDATE eval_kept.gpu_hours SET gpu_hours = 9")
    assert {row["run"]: row["gpu_hours"] for row in query(engine, HOURS)}["quickstart"] == 9

    query(engine, "UPDATE eval.score SET score7 = 1")
    assert query(engine, HOURS) == computed, "forgotten, so computed again"


PROMPTS = "SELECT run, prompt, style, language, jobs FROM analytics_v1.run_prompts ORDER BY 1, 2"


def test_kept_and_computed_prompts_are_the_same(engine: Engine, ended: Run, second: Engine) -> None:
    computed = query(engine, PROMPTS)
    assert [row["jobs"] for row in computed if row["run"] == "quickstart"] == [8, 8]
    assert query(second, PROMPTS) == computed

    assert keep_run(engine, ended.run_id)
    assert query(engine, PROMPTS) == query(second, PROMPTS) == computed
    query(engine, "UPDATE eval_kept.run_prompts SET jobs = 9")
    kept = query(second, PROMPTS)
    assert [row["jobs"] for row in kept if row["run"] == "quickstart"] == [9, 9]

    query(engine, "UPDATE eval.score SET score7 = 1")
    assert query(engine, PROMPTS) == computed, "forgotten, so computed again"


CHANGES = {
    "scored again": "INSERT INTO eval.score (job_id, scorer_version, steps_done, steps_total, "
    "score7, guess_suspected) SELECT job_id, '2', 4, 4, 7, false FROM eval.score LIMIT 1",
    "score corrected": "UPDATE eval.score SET score7 = 1",
    "flagged": "UPDATE eval.generation SET flags = '{xid}'",
    "job dropped": "DELETE FROM eval.job WHERE state = 'failed'",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_shown_at_once(engine: Engine, ended: Run, change: str) -> None:
    assert keep_run(engine, ended.run_id)
    if change == "job dropped":
        query(engine, "DELETE FROM eval.attempt WHERE outcome = 'failed'")
        query(engine, "DELETE FROM eval.outbox")
    query(engine, CHANGES[change])

    assert query(engine, IS_KEPT) == []
    now = shown(engine)
    assert keep_run(engine, ended.run_id)
    assert shown(engine) == now


def test_a_job_put_back_and_a_top_up_forget_the_run(engine: Engine) -> None:
    submitted = submit(engine, submission(problems=(PROBLEM,), repetitions=1, max_attempts=1))
    me = register(engine)
    job = claim_one(engine, worker_id=me, queues=("synthetic",))
    assert job is not None
    fail(engine, job)
    run = find_run(engine, str(submitted.run_id))

    assert keep_run(engine, run.run_id)
    retry_jobs(engine, run, (JobState.DEAD,))
    assert query(engine, IS_KEPT) == []
    assert not keep_run(engine, run.run_id), "a job of it is open"

    job = claim_one(engine, worker_id=me, queues=("synthetic",))
    assert job is not None
    fail(engine, job)
    assert keep_run(engine, run.run_id)
    submit(engine, submission(problems=(PROBLEM,), repetitions=2, max_attempts=1))
    assert query(engine, IS_KEPT) == []


def test_a_run_is_not_kept_while_a_change_is_under_way(
    engine: Engine, ended: Run, database_url: str
) -> None:
    with psycopg.connect(database_url) as other:
        other.execute("UPDATE eval.score SET score7 = 1")
        assert not keep_run(engine, ended.run_id)
        other.commit()
    assert keep_run(engine, ended.run_id)
    assert {row["score7"] for row in query(engine, CHANGED)} == {1.0}


def test_synthetic_results_stay_hidden_and_mixed_runs_are_computed(
    engine: Engine, second: Engine
) -> None:
    run_id = store(engine, [{}])
    assert keep_run(engine, run_id)
    resources = "SELECT run_id FROM analytics_v1.model_resources"
    assert query(engine, resources) == [{"run_id": run_id}]
    assert query(second, resources) == [], "this session does not include synthetic models"
    assert [row["attempts"] for row in query(engine, HOURS)] == [1]
    assert [row["attempts"] for row in query(second, HOURS)] == [0]

    real = ModelSpec(name="real", engine="vllm", source="s", queue="synthetic")
    mixed = _finished(engine, models=(real, spec("b")))
    assert not keep_run(engine, mixed)
    assert len(query(engine, f"{resources} WHERE run_id = %(run)s", run=mixed)) == 2
    assert query(second, resources) == [{"run_id": mixed}]


def _finished(engine: Engine, **changes: Any) -> uuid.UUID:
    given = {"name": "mixed", "experiment_hash": "mixed", "problems": (PROBLEM,), "repetitions": 1}
    submitted = submit(engine, submission(**given | changes))
    me = register(engine)
    while job := claim_one(engine, worker_id=me, queues=("synthetic",)):
        commit(engine, job.job_id, job.attempt_no, result(engine, me, job))
    return submitted.run_id


def test_the_reconciler_keeps_what_has_been_quiet(engine: Engine, ended: Run) -> None:
    assert runs_to_keep(engine, quiet_s=3600, limit=10) == []
    keeper = ResultKeeper(engine, quiet_s=0)
    assert keeper.round() == 2, "the probe's run and the quickstart; a third one waits"
    assert ended.run_id in {row["run_id"] for row in query(engine, IS_KEPT)}
    assert keeper.round() == 0


def test_no_later_migration_computes_a_kept_view_anew(engine: Engine) -> None:
    defined = "SELECT pg_get_viewdef(%(view)s::regclass) AS body"
    for view in KEPT:
        body = query(engine, defined, view=f"analytics_v1.{view}")[0]["body"]
        assert "eval_kept." in body, f"end the migration with SELECT eval.keep_view('{view}')"


def test_a_view_that_gains_a_column_is_kept_again(engine: Engine, ended: Run) -> None:
    assert keep_run(engine, ended.run_id)
    body = query(engine, "SELECT pg_get_viewdef('eval.live_unscored_answers'::regclass) AS body")
    grown = body[0]["body"].replace("count(*) AS results", "count(*) AS results, 7 AS added")
    query(engine, f"CREATE OR REPLACE VIEW analytics_v1.unscored_answers AS {grown}")
    query(engine, "SELECT eval.keep_view('unscored_answers')")

    assert query(engine, IS_KEPT) == [], "what was kept lacks the column"
    assert keep_run(engine, ended.run_id)
    assert {
        row["added"] for row in query(engine, "SELECT * FROM analytics_v1.unscored_answers")
    } == {7}
