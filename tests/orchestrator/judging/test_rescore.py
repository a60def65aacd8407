"""Rescoring: new scores beside the old, once per scorer version, never of speed runs."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import Engine

from core.sampling_params import SamplingParams
from db.models import Score, StepVerdict
from db.queue.claims import ClaimedJob
from db.queue.commits import Result, commit
from db.runs.submissions import ProblemRecord, submit
from orchestrator.judging.rescore import rescore_run
from problems.loader import load_set
from scoring.score import SCORER_VERSION
from tests.support.database import query
from tests.support.jobs import register, submission, take
from tests.support.processes import evalctl, evalctl_json
from tests.support.results import generation_row, store_start

PROBLEM = load_set("core").get("sec-symmetric-01")
WORKED = (
    "(a+b)^2=a^2+2ab+b^2, so a^2+b^2=(a+b)^2-2ab.\n(a+b)^2=25.\n2ab=12.\n25-12=13\x00\nAnswer: 13"
)
SCORES = """
SELECT s.job_id, s.scorer_version, s.steps_done, s.score7, s.answer_correct,
       (SELECT count(*) FROM eval.step_verdict AS v WHERE v.score_id = s.id) AS verdicts
  FROM eval.score AS s ORDER BY s.id
"""
EVIDENCE = """
SELECT v.step, v.verdict, v.evidence,
       substr(t.content, v.evidence_start::int + 1,
              (v.evidence_end - v.evidence_start)::int) AS there
  FROM eval.step_verdict AS v
  JOIN eval.score AS s ON s.id = v.score_id
  JOIN eval.generation AS g ON g.job_id = s.job_id
  JOIN eval.text_blob AS t ON t.hash = g.output_text_hash
 WHERE s.scorer_version = %(version)s ORDER BY v.ordinal
"""


def store(
    engine: Engine, *, problem: dict[str, Any] | None = None, repetitions: int = 1, **sampling: Any
) -> uuid.UUID:
    """Store a run whose jobs an older scorer gave two of three steps."""
    document, name = PROBLEM.to_dict() if problem is None else problem, uuid.uuid4().hex
    stored = ProblemRecord(name="p", content_hash=name, category="secondary", document=document)
    given = {"problems": (stored,), "repetitions": repetitions, "experiment_hash": name}
    planned = submission(name=name, sampling=SamplingParams(**sampling), **given)
    submitted = submit(engine, planned)
    worker_id = register(engine)
    while job := take(engine, worker_id):
        _commit(engine, worker_id, job, speed=sampling.get("fixed_input_tokens") is not None)
    return submitted.run_id


def _commit(engine: Engine, worker_id: uuid.UUID, job: ClaimedJob, *, speed: bool) -> None:
    score = Score(
        scorer_version="0.9", steps_done=2, steps_total=3, score7=14 / 3, guess_suspected=False
    )
    given = [("s1", "done"), ("s2", "done"), ("s3", "missing")]
    verdicts = [StepVerdict(step=step, verdict=verdict) for step, verdict in given]
    stored = Result(
        generation=generation_row(store_start(engine, worker_id, job.model_id)),
        texts={"text": WORKED.replace("\x00", "\N{REPLACEMENT CHARACTER}")},
        score=None if speed else score,
        verdicts=() if speed else verdicts,
    )
    commit(engine, job.job_id, job.attempt_no, stored)


def test_a_new_score_stands_beside_the_old_and_counts(engine: Engine) -> None:
    done = rescore_run(engine, store(engine))

    assert (done.generations, done.scored, done.skipped, done.changed) == (1, 1, 0, 1)
    old, new = query(engine, SCORES)
    assert (old["scorer_version"], old["steps_done"], old["verdicts"]) == ("0.9", 2, 3)
    assert (new["scorer_version"], new["steps_done"]) == (SCORER_VERSION, 3)
    assert (new["score7"], new["verdicts"]) == (7.0, 3)
    assert new["answer_correct"] is True
    shown = query(engine, "SELECT score7, scorer_version FROM analytics_v1.scores")
    assert shown == [{"score7": 7.0, "scorer_version": SCORER_VERSION}]


def test_the_evidence_stands_where_its_offsets_say(engine: Engine) -> None:
    rescore_run(engine, store(engine))

    found = query(engine, EVIDENCE, version=SCORER_VERSION)

    assert [row["step"] for row in found] == ["s1", "s2", "s3"]
    assert all(row["evidence"] == row["there"] for row in found)


def test_a_version_scores_once_unless_forced(engine: Engine) -> None:
    run_id = store(engine)
    rescore_run(engine, run_id)

    again = rescore_run(engine, run_id)
    assert (again.scored, again.skipped, len(query(engine, SCORES))) == (0, 1, 2)

    forced = rescore_run(engine, run_id, force=True)
    assert (forced.scored, forced.skipped) == (1, 0)
    assert (forced.changed, len(query(engine, SCORES))) == (0, 3)


def test_other_runs_and_speed_runs_are_left_alone(engine: Engine) -> None:
    store(engine)
    speed = store(engine, fixed_input_tokens=4, fixed_output_tokens=4)

    done = rescore_run(engine, speed, force=True)

    assert (done.generations, done.speed, done.scored) == (1, 1, 0)
    assert [row["scorer_version"] for row in query(engine, SCORES)] == ["0.9"]


def test_every_page_is_scored_and_reported(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.engine.PAGE", 1)
    run_id = store(engine, repetitions=3)
    reported: list[tuple[int, int]] = []

    done = rescore_run(engine, run_id, on_progress=lambda done, of: reported.append((done, of)))

    assert (done.scored, reported) == (3, [(1, 3), (2, 3), (3, 3)])


def test_a_problem_that_cannot_be_read_is_named(engine: Engine) -> None:
    done = rescore_run(engine, store(engine, problem={"id": "p"}))

    assert (done.scored, list(done.unreadable)) == (0, ["p"])
    assert "is missing" in done.unreadable["p"]


def test_the_command_speaks_the_contract(engine: Engine, environment: dict[str, str]) -> None:
    run_id = store(engine)

    document = evalctl_json(environment, f"rescore {run_id}")
    counts = {"generations": 1, "scored": 1, "skipped": 0, "speed": 0, "changed": 1}
    named = {"run": str(run_id), "name": document["name"], "scorer_version": SCORER_VERSION}
    assert document == named | counts | {"unreadable": []}
    again = evalctl(environment, "rescore latest")
    assert "0 of 1 answer rescored" in again.stdout
    assert "skipped: 1 already scored" in again.stdout
    assert evalctl(environment, "rescore nothing").returncode == 2
