"""Runs are renamed, tagged and deleted with everything of theirs, and with nothing of others."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from core.states import JobState
from db.engine import rows, transaction
from db.judging.judgements import NewJudgement, SaidStep, add_judgements
from db.queue.commits import commit
from db.runs.deletion import delete_run, run_contents
from db.runs.naming import NameTaken, rename_run, tag_run
from db.runs.run import RunNotFound, find_run, list_runs
from db.runs.submissions import JudgeRequestRecord, submit
from db.upkeep.kept_results import keep_run
from tests.support.analytics import seed_analytics
from tests.support.database import count, query
from tests.support.jobs import claimed, progress_of, register, run_of, spec, submission
from tests.support.judging import STEPS, store_scored
from tests.support.results import result, store

TABLES = """
SELECT format('%%I.%%I', n.nspname, c.relname) AS name
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname IN ('eval', 'eval_kept') AND c.relkind = 'r' ORDER BY 1
"""
#: What belongs to no run: who worked, what was asked, and what was due when.
STAYS = {
    *("eval.alembic_version", "eval.boot", "eval.model", "eval.problem", "eval.prompt_template"),
    *("eval.night", "eval.night_metric", "eval.schedule", "eval.schedule_slot", "eval.worker"),
}
UNPIN = """
UPDATE eval.night SET baseline_id = NULL;
ALTER TABLE eval.baseline DISABLE TRIGGER append_only;
DELETE FROM eval.baseline;
ALTER TABLE eval.baseline ENABLE TRIGGER append_only
"""
OTHERS = "SELECT x::text AS row FROM analytics_v1.scores AS x WHERE run = 'other' ORDER BY 1"
TEXTS = "SELECT hash FROM eval.text_blob ORDER BY hash"


def filled(engine: Engine) -> set[str]:
    """Return the tables that have rows."""
    names = [row["name"] for row in query(engine, TABLES)]
    return {name for name in names if count(engine, f"SELECT count(*) FROM {name}")}


def test_nothing_of_a_deleted_run_is_left(engine: Engine) -> None:
    seed_analytics(engine)
    query(engine, UNPIN)
    for run, _progress in list_runs(engine, limit=100):
        keep_run(engine, run.run_id)
    assert {"eval.comparison", "eval.review", "eval.judged_step"} < filled(engine)
    assert any(name.startswith("eval_kept.") for name in filled(engine))

    for run, _progress in list_runs(engine, limit=100):
        query(engine, "UPDATE eval.job SET state = 'cancelled', lease_expires_at = NULL, "
                      "finished_at = now() WHERE state IN ('queued', 'running')")  # fmt: skip
        assert delete_run(engine, run, force=True)[1]

    assert filled(engine) <= STAYS
    assert query(engine, "SELECT error_message FROM eval.schedule_slot") == [
        {"error_message": "the run quickstart was deleted"}
    ]
    assert query(engine, "SELECT state, run_id FROM eval.night") == [
        {"state": "regressed", "run_id": None}
    ]


def test_what_others_have_stays_and_a_shared_text_goes_with_the_last(engine: Engine) -> None:
    first = store_scored(engine, name="first", text="four")
    store_scored(engine, name="other", text="four")
    before = query(engine, OTHERS)
    assert before

    found, deleted = delete_run(engine, first)

    assert deleted
    assert (found.jobs, found.answers, found.scores) == (1, 1, 1)
    assert query(engine, OTHERS) == before
    assert query(engine, TEXTS) == [{"hash": "text"}]
    assert delete_run(engine, find_run(engine, "other"))[1]
    assert query(engine, TEXTS) == []
    with pytest.raises(RunNotFound, match="deleted meanwhile"):
        delete_run(engine, first)


def test_a_commit_under_way_keeps_the_text_that_it_found(engine: Engine, second: Engine) -> None:
    run = store_scored(engine, name="first", text="four")
    submitted = submit(engine, submission(name="other", experiment_hash="e2"))
    me = register(engine)
    job = claimed(engine, me)
    made = result(engine, me, job)
    done: list[bool] = []
    with transaction(second) as connection:
        rows(connection, "INSERT INTO eval.text_blob (hash, content) VALUES ('text', 'four') "
                         "ON CONFLICT DO NOTHING")  # fmt: skip
        deleting = threading.Thread(target=lambda: done.append(delete_run(engine, run)[1]))
        deleting.start()
        deleting.join(1.0)
        assert deleting.is_alive(), "it waits for those who may refer to a text"
    deleting.join(30.0)
    assert done == [True]

    commit(engine, job.job_id, job.attempt_no, made)

    assert progress_of(engine, submitted).count(JobState.SUCCEEDED) == 1
    assert query(engine, TEXTS) == [{"hash": "text"}]


def test_a_run_with_open_jobs_stays(engine: Engine) -> None:
    submitted = submit(engine, submission())
    run = run_of(engine, submitted)

    found, deleted = delete_run(engine, run, force=True)

    assert not deleted
    assert found.reasons(run.name, force=True) == (
        "4 of its jobs are open: `evalctl cancel night` first",
    )
    assert progress_of(engine, submitted).total == 4


def test_a_pinned_compared_or_reviewed_run_stays(engine: Engine) -> None:
    seed_analytics(engine)
    run = find_run(engine, "quickstart")
    answers = run_contents(engine, run).answers
    assert answers

    found, deleted = delete_run(engine, run)
    forced, deleted_by_force = delete_run(engine, run, force=True)

    assert (deleted, deleted_by_force) == (False, False)
    pinned = "the baseline main, version 1 is pinned to it, and a pinned night stays"
    assert forced.reasons("quickstart", force=True) == (pinned,)
    assert found.reasons("quickstart", force=False) == (
        pinned,
        "1 comparisons refer to it: --force deletes them too",
        "people reviewed 2 of its steps: --force deletes that too",
    )
    assert run_contents(engine, run).answers == answers
    with pytest.raises(DBAPIError, match="only appended"):
        query(engine, "DELETE FROM eval.review")


def test_a_run_stays_while_a_judge_run_refers_to_it(engine: Engine) -> None:
    run = store_scored(engine, name="judged")
    score = count(engine, "SELECT id FROM eval.score")
    request = JudgeRequestRecord(
        score_id=score,
        problem_id=count(engine, "SELECT id FROM eval.problem"),
        steps=STEPS[1:],
        prompt_hash="h",
    )
    judge = submit(
        engine,
        submission(
            name="judge-judged-big",
            experiment_hash="j",
            models=(spec("big"),),
            problems=(),
            judge_requests=(request,),
        ),
    )
    said = SaidStep(step=STEPS[1], verdict="done", quote="13", reason="")
    add_judgements(engine, [NewJudgement(
        score_id=score, judge="elsewhere", prompt_hash="h", prompt_version="1", temperature=None,
        reply="{}", reply_key="k", steps=[said])])  # fmt: skip

    found, deleted = delete_run(engine, run, force=True)

    assert not deleted
    assert found.reasons("judged", force=True) == (
        "the run judge-judged-big asks a judge about its answers: delete that run first",
    )
    query(engine, "UPDATE eval.job SET state = 'cancelled', finished_at = now() "
                  "WHERE state = 'queued'")  # fmt: skip
    assert delete_run(engine, run_of(engine, judge))[1]
    found, deleted = delete_run(engine, run)
    assert (deleted, found.judgements) == (True, 1)


def test_a_renamed_run_has_its_new_name_everywhere_at_once(engine: Engine) -> None:
    store(engine, [{}, {}])
    store_scored(engine, name="other")
    run = find_run(engine, "night")
    assert keep_run(engine, run.run_id)
    shown = "SELECT DISTINCT run FROM analytics_v1.problem_resources WHERE run_id = %(run)s"
    assert query(engine, shown, run=run.run_id) == [{"run": "night"}]

    rename_run(engine, run, "first try")

    assert query(engine, shown, run=run.run_id) == [{"run": "first try"}]
    assert find_run(engine, "first try").run_id == run.run_id
    with pytest.raises(RunNotFound):
        find_run(engine, "night")
    with pytest.raises(NameTaken, match="'other'"):
        rename_run(engine, run, "other")


def test_the_same_experiment_tops_up_a_renamed_run_and_not_a_deleted_one(engine: Engine) -> None:
    first = submit(engine, submission(repetitions=1))
    rename_run(engine, run_of(engine, first), "mine")

    again = submit(engine, submission(repetitions=2))

    assert (again.run_id, again.name, again.created) == (first.run_id, "mine", 2)
    query(engine, "UPDATE eval.job SET state = 'cancelled', finished_at = now()")
    assert delete_run(engine, run_of(engine, first))[1]
    fresh = submit(engine, submission(repetitions=1))
    assert (fresh.new_run, fresh.name, fresh.created) == (True, "night", 2)
    assert fresh.run_id != first.run_id


def test_tags_are_a_sorted_set(engine: Engine) -> None:
    run = run_of(engine, submit(engine, submission()))
    assert tag_run(engine, run, add=("paper", "draft", "paper")) == ["draft", "paper"]
    assert tag_run(engine, run, add=("a",), remove=("draft", "unknown")) == ["a", "paper"]
    assert find_run(engine, "night").tags == ["a", "paper"]
    assert query(engine, "SELECT tags FROM analytics_v1.runs") == [{"tags": ["a", "paper"]}]
    assert [one.run_id for one, _ in list_runs(engine, tag="paper")] == [run.run_id]
    assert list_runs(engine, tag="draft") == []
