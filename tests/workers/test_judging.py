"""Judge jobs on our queue: real workers ask, read, and commit, once and behind the fence."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from db.models import JudgedStep, Judgement
from db.queue.claims import LeaseLost
from db.queue.commits import Result, commit
from tests.support.database import count, finished, query, take_back
from tests.support.jobs import claimed, register
from tests.support.judging import MIXED, STEPS, reply, store_scored
from tests.support.processes import evalctl, worker
from tests.support.results import generation_row, store_start

SAID = reply({STEPS[1]: "done", STEPS[2]: "missing"})
JUDGEMENTS = """
SELECT judge, steps_asked, steps_judged, latency_ms > 0 AS timed, output_tokens > 0 AS counted,
       judge_config_hash IS NOT NULL AS configured, temperature, shown
  FROM analytics_v1.judgements ORDER BY judgement_id
"""
Judged = Callable[..., dict[str, str]]


@pytest.fixture
def with_judge(environment: dict[str, str], tmp_path: Path) -> Judged:
    """Register a synthetic judge with options, and one more model; return the environment."""

    def write(**options: Any) -> dict[str, str]:
        lines = [f"{name} = {json.dumps(value)}" for name, value in options.items()]
        config = tmp_path / "evalctl.toml"
        config.write_text(
            '[models.wise]\nengine = "synthetic"\nsource = "fake wise"\n'
            + "\n".join(["[models.wise.options]", *lines])
            + '\n[models.pupil]\nengine = "synthetic"\nsource = "fake pupil"\n',
            encoding="utf-8",
        )
        return environment | {"EVALCTL_CONFIG": str(config), "EVALCTL_LEASE_S": "2"}

    return write


def judge(user: dict[str, str], *arguments: str) -> dict[str, Any]:
    done = evalctl(user, "judge", "night", "--judge", "wise", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_judge_is_asked_by_a_worker_and_changes_what_it_may(
    engine: Engine, with_judge: Judged
) -> None:
    store_scored(engine, MIXED, ("done", "missing", "undetermined"), ("done", "done", "done"))
    user = with_judge(text=SAID)
    document = judge(user)
    assert (document["jobs"], document["created"], document["new"]) == (2, 2, True)
    with worker(user, "--queue", "synthetic") as process:
        for _ in range(2):
            process.wait_for("job.succeeded")
        assert process.stop() == 0, process.tail()
    row = {"judge": "wise", "steps_asked": 2, "steps_judged": 2, "timed": True, "counted": True}
    row |= {"configured": True, "temperature": 0.0, "shown": True}
    assert query(engine, JUDGEMENTS) == [row, row]
    assert query(
        engine,
        "SELECT step, judge_verdict, verdict FROM analytics_v1.judged_steps WHERE changed "
        "ORDER BY step",
    ) == [
        {"step": STEPS[1], "judge_verdict": "done", "verdict": "done"},
        {"step": STEPS[1], "judge_verdict": "done", "verdict": "done"},
        {"step": STEPS[2], "judge_verdict": "missing", "verdict": "missing"},
    ]

    again = judge(user)
    assert (again["jobs"], again["created"], again["run"]) == (2, 0, document["run"])
    status = json.loads(evalctl(user, "status", document["run"], "--json").stdout)
    assert (status["state"], status["jobs"]["succeeded"]) == ("succeeded", 2)
    assert json.loads(evalctl(user, "rescore", document["run"], "--json").stdout)["scored"] == 0
    results = json.loads(evalctl(user, "results", document["run"], "--synthetic", "--json").stdout)
    assert results["scores"] == [], "a judge's replies are not scored"
    (line,) = results["resources"]
    assert (line["prompt"], line["jobs"], line["flagged"]) == ("judge", 2, 0)


@pytest.mark.usefixtures("reconciler")
def test_a_worker_killed_while_judging_loses_nothing_and_judges_nothing_twice(
    engine: Engine, with_judge: Judged
) -> None:
    answers = 12
    store_scored(engine, *[MIXED] * answers)
    user = with_judge(text=SAID, ttft_ms=700)
    judge(user)
    with ExitStack() as stack:
        first = stack.enter_context(worker(user, "--queue", "synthetic"))
        first.wait_for("job.succeeded")
        first.process.kill()
        second = stack.enter_context(worker(user, "--queue", "synthetic"))
        second.wait_for("worker.ready")
        finished(engine)
    assert query(
        engine,
        "SELECT count(*) AS judgements, count(DISTINCT score_id) AS scores, "
        "count(DISTINCT job_id) AS jobs FROM eval.judgement",
    ) == [{"judgements": answers, "scores": answers, "jobs": answers}]
    assert count(engine, "SELECT count(*) FROM eval.judged_step") == 2 * answers
    judging = "FROM eval.attempt AS a JOIN eval.job AS j ON j.id = a.job_id AND j.prompt = 'judge'"
    lost = count(engine, f"SELECT count(*) {judging} WHERE a.outcome = 'lost'")
    assert lost >= 1, "the first worker was killed in the middle"
    assert count(engine, f"SELECT count(*) {judging}") == answers + lost


def test_an_attempt_that_lost_its_lease_stores_no_judgement(
    engine: Engine, broker: HintBroker, with_judge: Judged
) -> None:
    store_scored(engine, MIXED)
    judge(with_judge(text=SAID))
    job = claimed(engine, register(engine))
    assert (job.judged_score_id is not None, job.judge_steps) == (True, STEPS[1:])
    take_back(engine, broker)
    worker_id = register(engine)
    later = claimed(engine, worker_id)
    assert (later.job_id, later.attempt_no) == (job.job_id, 2)
    made = judged(engine, worker_id, later.model_id, job.judged_score_id)
    with pytest.raises(LeaseLost):
        commit(engine, job.job_id, job.attempt_no, made)
    assert count(engine, "SELECT count(*) FROM eval.judgement") == 0
    for _ in range(2):
        commit(engine, later.job_id, later.attempt_no, made)
    assert count(engine, "SELECT count(*) FROM eval.judgement") == 1
    assert count(engine, "SELECT count(*) FROM eval.judged_step") == 1


def judged(engine: Engine, worker_id: uuid.UUID, model_id: int, score_id: int | None) -> Result:
    """Return a result of a judge job."""
    return Result(
        generation=generation_row(store_start(engine, worker_id, model_id)),
        texts={"text": SAID},
        judgement=Judgement(
            score_id=score_id,
            judge="wise",
            prompt_hash="p",
            prompt_version="1",
            reply_text_hash="text",
            reply_key="k",
        ),
        judged_steps=[JudgedStep(step=STEPS[1], verdict="done")],
    )


def test_a_model_does_not_judge_its_own_answers_unless_forced(
    engine: Engine, with_judge: Judged
) -> None:
    store_scored(engine, MIXED)
    user = with_judge()
    refused = evalctl(user, "judge", "night", "--judge", "pupil")
    assert refused.returncode == 2
    assert "would judge its own answers" in refused.stderr
    assert "--force" in refused.stderr
    assert evalctl(user, "judge", "night", "--judge", "pupil", "--force").returncode == 0
    assert count(engine, "SELECT count(*) FROM eval.job WHERE prompt = 'judge'") == 1


def test_a_request_that_another_version_words_differently_is_refused(
    engine: Engine, with_judge: Judged
) -> None:
    store_scored(engine, MIXED)
    user = with_judge(text=SAID)
    run = judge(user)["run"]
    query(engine, "UPDATE eval.job SET judge_prompt_hash = 'other' WHERE prompt = 'judge'")
    with worker(user, "--queue", "synthetic") as process:
        process.wait_for("job.failed", error_class="JUDGE_REQUEST_CHANGED", state="failed")
    assert count(engine, "SELECT count(*) FROM eval.judgement") == 0
    listed = evalctl(user, "status", run).stdout
    assert "JUDGE_REQUEST_CHANGED" in listed


def test_a_reply_that_cannot_be_read_is_stored_with_its_reasons(
    engine: Engine, with_judge: Judged
) -> None:
    store_scored(engine, MIXED)
    user = with_judge(text="Full marks for everything.")
    judge(user)
    with worker(user, "--queue", "synthetic") as process:
        process.wait_for("job.succeeded")
    assert (
        query(engine, "SELECT verdict, reason FROM eval.judged_step")
        == [{"verdict": None, "reason": "the reply is not the JSON that was asked for"}] * 2
    )
    (row,) = query(engine, "SELECT score7, rules_score7 FROM analytics_v1.judged_scores")
    assert row["score7"] == row["rules_score7"]


def test_steps_left_without_a_verdict_are_queued_again_once_for_each_reply(
    engine: Engine, with_judge: Judged
) -> None:
    store_scored(engine, MIXED)
    user = with_judge(text="Full marks for everything.")
    first = judge(user)
    with worker(user, "--queue", "synthetic") as process:
        process.wait_for("job.succeeded")
        assert judge(user)["created"] == 0, "without the option nothing is asked twice"
        again = judge(user, "--retry-unscored")
        assert (again["created"], again["run"] == first["run"]) == (1, False)
        process.wait_for("job.succeeded")
        finished(engine)
    assert count(engine, "SELECT count(*) FROM eval.judgement") == 2
    assert query(engine, "SELECT DISTINCT judge_steps FROM eval.job WHERE prompt = 'judge'") == [
        {"judge_steps": list(STEPS[1:])}
    ]

    third = judge(user, "--retry-unscored")
    twice = judge(user, "--retry-unscored")
    assert (third["created"], third["run"] in (first["run"], again["run"])) == (1, False)
    assert (twice["created"], twice["run"]) == (0, third["run"]), "its reply is still awaited"


def test_a_judge_run_is_cancelled_as_any_other(engine: Engine, with_judge: Judged) -> None:
    store_scored(engine, MIXED, MIXED)
    user = with_judge(text=SAID)
    run = judge(user)["run"]
    cancelled = json.loads(evalctl(user, "cancel", run, "--json").stdout)
    assert cancelled["cancelled"] == 2
    assert json.loads(evalctl(user, "status", run, "--json").stdout)["state"] == "cancelled"


def test_the_synthetic_engine_follows_the_schema(engine: Engine, with_judge: Judged) -> None:
    store_scored(engine, *[MIXED] * 4)
    user = with_judge()
    judge(user)
    with worker(user, "--queue", "synthetic") as process:
        for _ in range(4):
            process.wait_for("job.succeeded")
    for row in query(engine, "SELECT reply FROM analytics_v1.judgements"):
        document = json.loads(row["reply"])
        assert set(document) == set(STEPS[1:])
        assert {frozenset(entry) for entry in document.values()} == {
            frozenset({"quote", "verdict"})
        }
