"""The oracle: what must hold after a fault, in the database (one statement) and on the machine."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

import psutil
from sqlalchemy import Engine

from db.engine import rows, transaction
from db.runs.submissions import Submission
from services.waiting import wait_until
from tests.support.processes import lives

#: How long the orphan reaper of a killed worker may take to end what the worker left.
ORPHANS_WITHIN_S = 10.0

#: One row for each broken promise. ``%(keys)s`` are the natural keys submitted; ``%(settled)s``
#: says that no fault is going on any more, so every job must have ended.
BROKEN_PROMISES = """
WITH wanted AS (
    SELECT * FROM jsonb_to_recordset(%(keys)s::jsonb)
        AS w (run_id uuid, model text, problem text, prompt text, repetition bigint)
), found AS (
    SELECT j.*, m.name AS model, p.name AS problem FROM eval.job AS j
      JOIN eval.model AS m ON m.id = j.model_id JOIN eval.problem AS p ON p.id = j.problem_id
), counted AS (
    SELECT w.*, count(f.id) AS times
      FROM wanted AS w LEFT JOIN found AS f USING (run_id, model, problem, prompt, repetition)
     GROUP BY w.run_id, w.model, w.problem, w.prompt, w.repetition
), tried AS (
    SELECT j.id, j.state, j.attempt_no, count(a.*) AS attempts,
           count(*) FILTER (WHERE a.outcome = 'succeeded') AS succeeded,
           count(*) FILTER (WHERE a.outcome = 'succeeded' AND a.attempt_no = j.attempt_no) AS won,
           count(*) FILTER (WHERE a.outcome = 'running') AS running,
           count(*) FILTER (WHERE a.outcome = 'running'
                              AND a.attempt_no = j.attempt_no) AS running_last
      FROM eval.job AS j LEFT JOIN eval.attempt AS a ON a.job_id = j.id GROUP BY j.id
)
SELECT 'i: ' || count(*) || ' submitted keys do not exist exactly once' AS broken
  FROM counted WHERE times <> 1 HAVING count(*) > 0
UNION ALL
SELECT 'i: job ' || f.id || ' was never submitted' FROM found AS f
 WHERE NOT EXISTS (SELECT FROM wanted AS w
                    WHERE (f.run_id, f.model, f.problem, f.prompt, f.repetition)
                        = (w.run_id, w.model, w.problem, w.prompt, w.repetition))
UNION ALL
SELECT 'ii: job ' || id || ' is still ' || state
  FROM eval.job WHERE %(settled)s AND state IN ('queued', 'running')
UNION ALL
SELECT 'iii: job ' || j.id || ' succeeded at attempt ' || j.attempt_no || ' and its result is of '
       || coalesce('attempt ' || g.attempt_no, 'no attempt')
  FROM eval.job AS j LEFT JOIN eval.generation AS g ON g.job_id = j.id
 WHERE j.state = 'succeeded' AND g.attempt_no IS DISTINCT FROM j.attempt_no
UNION ALL
SELECT 'iii: job ' || id || ' is ' || state || ', and of its attempts ' || succeeded
       || ' succeeded, the last: ' || won
  FROM tried WHERE succeeded <> (state = 'succeeded')::int OR won <> succeeded
UNION ALL
SELECT 'iv: job ' || id || ' has ' || attempts || ' attempts and attempt_no ' || attempt_no
  FROM tried WHERE attempts <> attempt_no
UNION ALL
SELECT 'v: job ' || j.id || ' is ' || j.state || ' and has a generation'
  FROM eval.generation AS g JOIN eval.job AS j ON j.id = g.job_id WHERE j.state <> 'succeeded'
UNION ALL
SELECT 'v: job ' || t.job_id || ' has a memory trace without a result' FROM eval.memory_trace AS t
  LEFT JOIN eval.job AS j ON j.id = t.job_id WHERE j.state IS DISTINCT FROM 'succeeded'
UNION ALL
SELECT 'v: score ' || s.id || ' belongs to no result' FROM eval.score AS s
  LEFT JOIN eval.job AS j ON j.id = s.job_id WHERE j.state IS DISTINCT FROM 'succeeded'
UNION ALL
SELECT 'v: job ' || job_id || ' was scored ' || count(*) || ' times by scorer ' || scorer_version
  FROM eval.score GROUP BY job_id, scorer_version HAVING count(*) > 1
UNION ALL
SELECT 'v: a verdict belongs to score ' || v.score_id || ', which does not exist'
  FROM eval.step_verdict AS v
 WHERE NOT EXISTS (SELECT FROM eval.score AS s WHERE s.id = v.score_id)
UNION ALL
SELECT 'vi: job ' || id || ' is ' || state || ' with ' || running
       || ' attempts running, the last: ' || running_last
  FROM tried WHERE running <> (state = 'running')::int OR running_last <> running
UNION ALL
SELECT 'vi: job ' || id || ' is ' || state || ' and holds a lease' FROM eval.job
 WHERE state <> 'running' AND lease_expires_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKey:
    """What makes a job itself, and not another."""

    run_id: uuid.UUID
    #: Name of the model.
    model: str
    #: Name of the problem.
    problem: str
    prompt: str
    repetition: int


def keys_of(run_id: uuid.UUID, submission: Submission) -> list[JobKey]:
    """Return the natural keys that a submission asks for."""
    return [
        JobKey(
            run_id=run_id,
            model=model.name,
            problem=problem.name,
            prompt=prompt,
            repetition=repetition,
        )
        for model in submission.models
        for problem in submission.problems
        for prompt in submission.prompts
        for repetition in range(1, submission.repetitions + 1)
    ]


def check(engine: Engine, *, expected_keys: Iterable[JobKey], settled: bool = True) -> list[str]:
    """Return the broken promises of a database as sentences; none if the fault did no harm.

    (i) each submitted natural key exists exactly once, and no other; (ii) every job has ended;
    (iii) a job that succeeded has one result, of its winning attempt; (iv) as many attempts as
    ``attempt_no``; (v) no generation, trace, score or verdict without a job that succeeded; (vi) no
    attempt left running, no lease held by a job that ended, and no living process with the mark of
    a dead worker. With ``settled`` false jobs may still be under way: (ii) is left out.
    """
    keys = json.dumps([asdict(key) | {"run_id": str(key.run_id)} for key in set(expected_keys)])
    with transaction(engine) as connection:
        broken = [
            row["broken"]
            for row in rows(connection, BROKEN_PROMISES, {"keys": keys, "settled": settled})
        ]
        workers = rows(connection, "SELECT id, pid FROM eval.worker")
    marks = {row["id"].hex: row["pid"] for row in workers}
    wait_until(lambda: not orphans(marks), ORPHANS_WITHIN_S)
    return [*broken, *(f"vi: process {pid} of a dead worker lives" for pid in orphans(marks))]


def orphans(marks: dict[str, int]) -> Sequence[int]:
    """Return the living processes with a mark (mark -> pid of its worker) of a dead worker."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            mark = process.environ().get("EVALCTL_WORKER", "")
            if (
                mark in marks
                and process.status() != psutil.STATUS_ZOMBIE
                and not lives(marks[mark])
            ):
                found.append(process.pid)
    return found
