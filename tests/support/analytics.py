"""A database with at least one row in every public view, and a login role that may only read it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from sqlalchemy import Engine, make_url

from core.model_spec import ModelSpec
from core.states import FailureKind
from db.engine import open_database, rows, transaction
from db.migrate import upgrade
from db.models import MemoryTrace, Score, StepVerdict
from db.queue.claims import ClaimedJob, Failure, give_up
from db.queue.commits import Result, commit
from db.roles import grant_analyst
from db.runs.submissions import ProblemRecord, Submission, submit
from tests.support.database import another_database
from tests.support.jobs import claim_one, register, submission
from tests.support.results import OK, generation_row, probe, store_start

Analyst = psycopg.Connection[dict[str, object]]
MODELS = ("smollm2", "smollm2-awq")
#: score7 of each model on each problem; the gap of a category follows by hand.
SCORES = {
    ("smollm2", "p1"): 3.5,
    ("smollm2", "p2"): 7.0,
    ("smollm2-awq", "p1"): 1.75,
    ("smollm2-awq", "p2"): 5.25,
}
#: The results with a flag: those of this model in this repetition.
THROTTLED = ("smollm2-awq", 2)
#: The answers that are wrong, under both prompts.
WRONG = ("smollm2", "p2", 2)
#: A judge and a reviewer of the first two scorings, two nights, a comparison, a lost worker.
_MORE = """
INSERT INTO eval.text_blob (hash, content) VALUES ('reply', '{}');
INSERT INTO eval.judgement (score_id, judge, prompt_hash, prompt_version, reply_text_hash,
       reply_key)
SELECT id, 'judge-a', 'asked', '1', 'reply', 'k' FROM eval.score ORDER BY id LIMIT 2;
INSERT INTO eval.judged_step (judgement_id, step, verdict, quote)
SELECT id, 's2', 'done', 'four' FROM eval.judgement;
INSERT INTO eval.review (score_id, step, reviewer, verdict, old_verdict, sample)
SELECT id, 's2', 'ann', 'done', 'missing', 'random' FROM eval.score ORDER BY id LIMIT 2;
INSERT INTO eval.comparison (run_a_id, run_b_id, model_a, model_b, policy_hash, verdict, forced,
       problems)
SELECT id, id, 'smollm2', 'smollm2-awq', 'p', 'block', false, 2 FROM eval.run
 WHERE name = 'quickstart';
INSERT INTO eval.schedule (name, cron, timezone, experiment) VALUES ('nightly', '0 1 * * *',
       'UTC', '{}');
INSERT INTO eval.schedule_slot (schedule_id, slot, run_id)
SELECT s.id, date_trunc('day', now()), r.id FROM eval.schedule AS s, eval.run AS r
 WHERE r.name = 'quickstart';
INSERT INTO eval.baseline (name, version, reason, pinned_by, schedule, run_ids)
SELECT 'main', 1, 'a good week', 'ann', 'nightly', ARRAY[id] FROM eval.run
 WHERE name = 'quickstart';
INSERT INTO eval.night (schedule_id, slot, run_id, due_at, state, reason, baseline_id, done,
       done_at)
SELECT s.schedule_id, s.slot, s.run_id, now(), 'regressed', 'score7 fell', b.id, true, now()
  FROM eval.schedule_slot AS s, eval.baseline AS b;
INSERT INTO eval.night_metric (schedule_id, slot, model, prompt, metric, unit, value, problems,
       reference, distance, standard_error, difference, z, z_limit, drift, drift_limit, course,
       tier)
SELECT schedule_id, slot, 'smollm2', 'plain', 'score7', 'points', 3, 2, 5, -2, 0.5, -2, 4, 3, 6, 5,
       'jump', 'block' FROM eval.night;
INSERT INTO eval.worker (id, name, host, pid, device, gpu_index, gpu_uuid, queues, version, state,
       note, ended_at)
VALUES (gen_random_uuid(), 'gpu1-7@host', 'host', 7, 'cuda', 1, 'GPU-1', '{vllm}', '0', 'lost',
        NULL, now()),
       (gen_random_uuid(), 'gpu2-8@host', 'host', 8, 'cuda', 2, 'GPU-2', '{vllm}', '0',
        'quarantined', 'a foreign process', NULL);
UPDATE eval.generation SET finish_reason = 'content_filter'
 WHERE job_id = (SELECT max(job_id) FROM eval.generation)
"""


def seed_analytics(engine: Engine) -> None:
    """Store a run of two models on two problems, and something for every other view.

    One job failed, scores suspect guesses, and a second run waits in the queue.
    """
    probe(
        engine,
        "sequences",
        [{8: OK, 12: OK, 13: ("PREEMPTED",)}],
        models=(ModelSpec(name="smollm2", engine="vllm", source="somewhere", queue="vllm"),),
    )
    worker_id = register(engine, queues=("vllm",), device="cuda", gpu_uuid="GPU-0", gpu_index=0)
    submit(engine, _submission())
    starts: dict[int, int] = {}
    first = True
    while job := claim_one(engine, worker_id=worker_id, queues=("vllm",)):
        boot_id = starts.get(job.model_id) or store_start(
            engine, worker_id, job.model_id, config_hash=f"config-{job.spec.name}"
        )
        starts[job.model_id] = boot_id
        if first:
            failure = Failure(
                kind=FailureKind.REJECTED, error_class="PROMPT_TOO_LONG", sentence="too long"
            )
            give_up(engine, job.job_id, job.attempt_no, failure)
            first = False
        else:
            commit(engine, job.job_id, job.attempt_no, _result(job, boot_id))
    submit(engine, _submission(name="waiting", experiment_hash="waiting"))
    with transaction(engine) as connection:
        for statement in _MORE.split(";\n"):
            rows(connection, statement)


@contextmanager
def analyst_of(engine: Engine, database_url: str) -> Iterator[Analyst]:
    """Connect as a fresh login role that was let in by ``grant_analyst``."""
    role, password = f"analyst_{os.getpid()}", "only-for-this-test"
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), password)
        )
        try:
            grant_analyst(engine, role)
            url = (
                make_url(database_url)
                .set(username=role, password=password)
                .render_as_string(hide_password=False)
            )
            with psycopg.connect(url, row_factory=dict_row, autocommit=True) as connection:
                yield connection
        finally:
            owner.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def _submission(**changes: object) -> Submission:
    return submission(
        **{
            "name": "quickstart",
            "experiment_hash": "quickstart",
            "models": tuple(
                ModelSpec(
                    name=name,
                    engine="vllm",
                    source="somewhere",
                    queue="vllm",
                    price_per_gpu_hour=3.6,
                )
                for name in MODELS
            ),
            "problems": tuple(
                ProblemRecord(
                    name=name,
                    content_hash=f"hash-{name}",
                    category=category,
                    document=_document(name),
                )
                for name, category in (("p1", "secondary"), ("p2", "university"))
            ),
            "prompts": ("plain", "stepwise"),
        }
        | changes
    )


def _document(name: str) -> dict[str, Any]:
    """Return what the views read of a problem: easy p1 and hard p2 with one topic in common."""
    steps = [{"id": step, "describe": {"en": f"shows {step}"}} for step in ("s1", "s2")]
    return {
        "id": name,
        "difficulty": 1 if name == "p1" else 5,
        "topics": ["algebra"] if name == "p1" else ["algebra", "limits"],
        "problem": {"en": f"Solve {name}."},
        "answer": {"kind": "value", "any_of": ["4", "four"], "unit": None},
        "paths": [{"id": "main", "steps": steps}],
    }


def _result(job: ClaimedJob, boot_id: int) -> Result:
    assert job.problem is not None
    generation = generation_row(
        boot_id,
        queue_wait_s=0.5,
        engine_queued_s=1.001,
        engine_first_token_s=1.099,
        memory_kind="host",
        need_mib=300.0,
        energy_begin_j=0.0,
        energy_end_j=150.0,
        energy_method="counter",
        flags=["throttled"] if (job.spec.name, job.repetition) == THROTTLED else [],
    )
    score = Score(
        scorer_version="1",
        path_id="main",
        steps_done=1,
        steps_total=4,
        score7=SCORES[job.spec.name, job.problem],
        answer_correct=(job.spec.name, job.problem, job.repetition) != WRONG,
        guess_suspected=True,
    )
    trace = MemoryTrace(
        kind="host", started_s=1.0, period_ms=50, used_mib=[290, 300], peak_mib=300, mean_mib=295.0
    )
    trace.look_at_s, trace.look_sm_clock_mhz, trace.look_reasons = (
        [0.5, 1.2, 1.4],
        [345, 1935, 1980],
        [0x1, 0x4, 0x0],
    )
    trace.look_temperature_c, trace.look_power_w, trace.max_sm_clock_mhz = (
        [36, 37, 37],
        [70.0, None, 220.0],
        1980,
    )
    verdicts = [StepVerdict(step="s1", verdict="done"), StepVerdict(step="s2", verdict="missing")]
    return Result(
        generation=generation, texts={"text": "four"}, trace=trace, score=score, verdicts=verdicts
    )


@contextmanager
def seeded_analyst(database_url: str, name: str) -> Iterator[Analyst]:
    """Make a seeded database of this name beside another, and connect to it as an analyst."""
    with another_database(database_url, name) as url:
        engine = open_database(url, name="seed")
        upgrade(engine)
        seed_analytics(engine)
        with analyst_of(engine, url) as connection:
            yield connection
        engine.dispose()
