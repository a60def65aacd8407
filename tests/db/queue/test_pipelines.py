"""The commit of a draft queues its verification, once, whatever happens to the run meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from core.sampling_params import SamplingParams
from db.engine import rows, transaction
from db.models import Verification, VerifiedStep
from db.queue.claims import ClaimedJob, LeaseLost
from db.queue.commits import Result, commit
from db.runs.control import pause_run, resume_run
from db.runs.deletion import delete_run
from db.runs.run import Run, cancel_run
from db.runs.submissions import PipelineRecord, Submitted, submit
from db.verification.reading import (
    VerificationNotFound,
    read_draft,
    read_verification,
    verification_table,
)
from tests.support.database import count, query, take_back
from tests.support.jobs import PROBLEM, claimed, register, run_of, spec, submission, take
from tests.support.results import result

PIPELINE = PipelineRecord(
    verifier=spec("checker", queue="other"),
    deadline_ms=300.0,
    prompt_version="1",
    sampling=SamplingParams(max_tokens=1),
)
VERIFYING = """
SELECT j.state, j.held, j.repetition, j.judge_prompt_hash, m.name AS model,
       (SELECT array_agg(o.queue) FROM eval.outbox AS o WHERE o.job_id = j.id) AS hints
  FROM eval.job AS j JOIN eval.model AS m ON m.id = j.model_id
 WHERE j.prompt = 'verify' ORDER BY j.id
"""

DRAFTS = "SELECT state FROM eval.job WHERE prompt = 'plain'"
WAITING = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def submitted(engine: Engine, **changes: Any) -> Submitted:
    return submit(
        engine,
        submission(**{"problems": (PROBLEM,), "repetitions": 1, "pipeline": PIPELINE} | changes),
    )


def drafted(engine: Engine) -> tuple[ClaimedJob, Result]:
    """Claim a draft and return it with its result, not committed yet."""
    worker_id = register(engine)
    job = claimed(engine, worker_id)
    return job, result(engine, worker_id, job)


def verified(draft: int) -> Result:
    """Return what a verification of one step found, without a model."""
    return Result(
        generation=None,
        texts={"document": "marked"},
        verification=Verification(
            draft_job_id=draft,
            verifier_version="1",
            prompt_version="1",
            deadline_ms=300.0,
            rule_ms=1.5,
            document_text_hash="document",
        ),
        verified_steps=[
            VerifiedStep(
                ordinal=1,
                step_start=0,
                step_end=4,
                mark="consistent",
                decided_by="rule",
                reason="",
                parsed=True,
                late=False,
                rule_ms=1.5,
            )
        ],
    )


def verifying(engine: Engine) -> ClaimedJob:
    """Claim the verification."""
    worker_id = register(engine, queues=("other",))
    job = take(engine, worker_id, queues=("other",))
    assert job is not None
    return job


def test_the_commit_of_a_draft_queues_its_verification_with_a_hint(engine: Engine) -> None:
    submitted(engine, models=(spec("a"), spec("b")))
    drafts = []
    for _ in range(2):
        job, made = drafted(engine)
        for _ in range(2):  # again, as after an answer that was lost
            commit(engine, job.job_id, job.attempt_no, made)
        drafts.append(job.job_id)
    assert query(engine, VERIFYING) == [
        {
            "state": "queued",
            "held": False,
            "repetition": draft,
            "judge_prompt_hash": "1",
            "model": "checker",
            "hints": ["other"],
        }
        for draft in drafts
    ]
    assert {row["state"] for row in query(engine, DRAFTS)} == {"succeeded"}


def test_a_draft_that_lost_its_lease_queues_no_verification(
    engine: Engine, broker: HintBroker
) -> None:
    submitted(engine)
    job, made = drafted(engine)
    take_back(engine, broker)
    with pytest.raises(LeaseLost):
        commit(engine, job.job_id, job.attempt_no, made)
    assert query(engine, VERIFYING) == []
    later, made = drafted(engine)
    commit(engine, later.job_id, later.attempt_no, made)
    assert len(query(engine, VERIFYING)) == 1


def test_an_answer_without_a_score_and_a_run_without_a_pipeline_queue_none(engine: Engine) -> None:
    submitted(engine)
    job, made = drafted(engine)
    commit(engine, job.job_id, job.attempt_no, replace(made, score=None, verdicts=()))
    submit(engine, submission(experiment_hash="e2"))
    job, made = drafted(engine)
    commit(engine, job.job_id, job.attempt_no, made)
    assert query(engine, VERIFYING) == []


def test_submitting_a_pipeline_again_adds_only_drafts(engine: Engine) -> None:
    first = submitted(engine)
    more = submitted(engine, repetitions=3)
    assert (more.run_id, more.created) == (first.run_id, 2)
    assert count(engine, "SELECT count(*) FROM eval.pipeline") == 1


def test_a_verification_is_committed_once_without_a_generation(engine: Engine) -> None:
    run = run_of(engine, submitted(engine))
    draft, made = drafted(engine)
    commit(engine, draft.job_id, draft.attempt_no, made)
    job = verifying(engine)
    assert read_verification(engine, draft.job_id).state == "running"
    found = read_draft(engine, job.job_id)
    assert (found.job_id, found.text, found.deadline_ms) == (draft.job_id, "four", 300.0)
    for _ in range(2):
        commit(engine, job.job_id, job.attempt_no, verified(draft.job_id))
    assert count(engine, "SELECT count(*) FROM eval.verification") == 1
    assert count(engine, "SELECT count(*) FROM eval.generation") == 1
    one = read_verification(engine, draft.job_id)
    assert one == read_verification(engine, job.job_id)
    assert (one.state, one.document, [step["mark"] for step in one.steps]) == (
        "succeeded",
        "marked",
        ["consistent"],
    )
    with transaction(engine) as connection:
        (row,) = verification_table(connection, run.run_id)
    assert (row["model"], row["verifier"], row["drafts"], row["steps"]) == ("a", "checker", 1, 1)
    assert (row["consistent"], row["by_rule"], row["sent"], row["late"]) == (1, 1, 0, 0)
    assert (row["draft_e2e_s"], row["verification_s"]) == (0.5, 0.0015)
    assert row["step_model_ms_p95"] is None
    with pytest.raises(VerificationNotFound, match="neither a draft nor a verification"):
        read_verification(engine, job.job_id + 1)


def test_a_run_is_deleted_with_its_verifications(engine: Engine) -> None:
    run = run_of(engine, submitted(engine))
    draft, made = drafted(engine)
    commit(engine, draft.job_id, draft.attempt_no, made)
    job = verifying(engine)
    commit(engine, job.job_id, job.attempt_no, verified(draft.job_id))
    _, deleted = delete_run(engine, run)
    assert deleted
    for table in ("pipeline", "verification", "verified_step", "job", "text_blob"):
        assert count(engine, f"SELECT count(*) FROM eval.{table}") == 0, table


def test_a_paused_run_holds_the_verification_until_it_is_resumed(engine: Engine) -> None:
    run = run_of(engine, submitted(engine))
    draft, made = drafted(engine)
    pause_run(engine, run)
    commit(engine, draft.job_id, draft.attempt_no, made)
    (row,) = query(engine, VERIFYING)
    assert (row["held"], row["hints"]) == (True, None)
    resume_run(engine, run)
    (row,) = query(engine, VERIFYING)
    assert (row["held"], row["hints"]) == (False, ["other"])


@pytest.mark.parametrize("change", [pause_run, cancel_run])
def test_a_pause_or_cancel_during_the_commit_does_not_miss_the_verification(
    engine: Engine, change: Callable[[Engine, Run], object]
) -> None:
    run = run_of(engine, submitted(engine))
    draft, made = drafted(engine)
    with ThreadPoolExecutor(2) as threads:
        with transaction(engine) as connection:
            # The new job refers to this row, so the commit waits at its end.
            rows(connection, "SELECT id FROM eval.model WHERE name = 'checker' FOR UPDATE")
            committed = threads.submit(commit, engine, draft.job_id, draft.attempt_no, made)
            wait_for_locks(engine, 1)
            changed = threads.submit(change, engine, run)
            wait_for_locks(engine, 2)
        committed.result(30)
        changed.result(30)
    (row,) = query(engine, VERIFYING)
    assert row["held"] if change is pause_run else row["state"] == "cancelled"


def wait_for_locks(engine: Engine, sessions: int) -> None:
    """Wait until as many sessions of this database wait for a lock."""
    deadline_s, pause = time.monotonic() + 30, threading.Event()
    while count(engine, WAITING) < sessions:
        assert time.monotonic() < deadline_s
        pause.wait(0.02)
