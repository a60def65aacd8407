"""Rescoring: new scores beside the old, once per scorer version, never of speed runs."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from sqlalchemy import Engine

from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from db.claims import ClaimedJob
from db.commits import Result, commit
from db.fleet import WorkerIdentity, record_start, register_worker
from db.models import Boot, Score, StepVerdict
from db.submissions import ProblemRecord, Submission, submit
from orchestrator.rescore import rescore_run
from problems.loader import load_set
from scoring.score import SCORER_VERSION
from tests.support.database import query
from tests.support.jobs import claim_one
from tests.support.processes import evalctl
from tests.support.results import generation_row

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
    document = PROBLEM.to_dict() if problem is None else problem
    submitted = submit(engine, _submission(document, SamplingParams(**sampling), repetitions))
    worker_id = uuid.uuid4()
    identity = WorkerIdentity(
        worker_id=worker_id,
        name=f"w-{worker_id}",
        host="h",
        pid=1,
        device="cpu",
        queues=("s",),
        version="0",
    )
    register_worker(engine, identity)
    while job := claim_one(engine, worker_id=worker_id, queues=("s",)):
        _commit(engine, worker_id, job, speed=sampling.get("fixed_input_tokens") is not None)
    return submitted.run_id


def _commit(engine: Engine, worker_id: uuid.UUID, job: ClaimedJob, *, speed: bool) -> None:
    boot_id = record_start(engine, Boot(worker_id=worker_id, model_id=job.model_id, **_start()))
    score = Score(
        scorer_version="0.9", steps_done=2, steps_total=3, score7=14 / 3, guess_suspected=False
    )
    verdicts = [
        StepVerdict(step=f"s{i}", verdict="done" if i < 3 else "missing") for i in (1, 2, 3)
    ]
    text = WORKED.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    commit(
        engine,
        job.job_id,
        job.attempt_no,
        Result(
            generation=generation_row(boot_id),
            texts={"text": text},
            score=None if speed else score,
            verdicts=() if speed else verdicts,
        ),
    )


def _submission(document: dict[str, Any], sampling: SamplingParams, repetitions: int) -> Submission:
    return Submission(
        name=f"night-{uuid.uuid4().hex[:6]}",
        experiment_hash=uuid.uuid4().hex,
        experiment={"models": ["a"], "prompts": ["plain"], "repetitions": 1, "language": "en"},
        provenance={},
        models=(ModelSpec(name="a", engine="synthetic", source="simulated", queue="s"),),
        problems=(
            ProblemRecord(
                name="p", content_hash=uuid.uuid4().hex, category="secondary", document=document
            ),
        ),
        prompts=("plain",),
        repetitions=repetitions,
        mode="latency",
        sampling=sampling,
    )


def _start() -> dict[str, Any]:
    return {"engine_version": "s", "config_hash": "c", "environment_hash": "e", "start_s": 0}


def test_a_new_score_stands_beside_the_old_and_counts(engine: Engine) -> None:
    run_id = store(engine)

    done = rescore_run(engine, run_id)

    assert (done.generations, done.scored, done.skipped, done.changed) == (1, 1, 0, 1)
    old, new = query(engine, SCORES)
    assert (old["scorer_version"], old["steps_done"], old["verdicts"]) == ("0.9", 2, 3)
    assert (new["scorer_version"], new["steps_done"], new["score7"], new["verdicts"]) == (
        SCORER_VERSION,
        3,
        7.0,
        3,
    )
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
    assert (forced.scored, forced.skipped, forced.changed, len(query(engine, SCORES))) == (
        1,
        0,
        0,
        3,
    )


def test_other_runs_and_speed_runs_are_left_alone(engine: Engine) -> None:
    store(engine)
    speed = store(engine, fixed_input_tokens=4, fixed_output_tokens=4)

    done = rescore_run(engine, speed, force=True)

    assert (done.generations, done.speed, done.scored) == (1, 1, 0)
    assert [row["scorer_version"] for row in query(engine, SCORES)] == ["0.9"]


def test_every_page_is_scored_and_reported(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.rescoring.PAGE", 1)
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

    done = evalctl(environment, "rescore", str(run_id), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "run": str(run_id),
        "name": json.loads(done.stdout)["name"],
        "scorer_version": SCORER_VERSION,
        "generations": 1,
        "scored": 1,
        "skipped": 0,
        "speed": 0,
        "changed": 1,
        "unreadable": [],
    }
    again = evalctl(environment, "rescore", "latest")
    assert "0 of 1 answers rescored" in again.stdout
    assert "skipped: 1 already scored" in again.stdout
    assert evalctl(environment, "rescore", "nothing").returncode == 2
