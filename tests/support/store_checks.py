"""Compare the store with ``store_model``, check its invariants, and a broker in memory."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import ServiceUnreachable
from core.states import FailureKind, JobState
from db.queue.claims import FORGIVEN, ClaimedJob
from tests.support.oracle import JobKey
from tests.support.store_model import JobModel

MODELS = {"a": "synthetic", "b": "synthetic", "c": "other"}
QUEUES = tuple(sorted(set(MODELS.values())))
FAILURES = (
    (FailureKind.INFRA, "ENGINE_DEAD"),
    (FailureKind.OUT_OF_MEMORY, "RUNTIME_CUDA_OOM"),
    (FailureKind.TIMED_OUT, "SILENT"),
    (FailureKind.REJECTED, "PROMPT_TOO_LONG"),
    (FailureKind.INFRA, "SERVER_UNREACHABLE"),
    *((FailureKind.INFRA, error_class) for error_class in sorted(FORGIVEN)),
)
#: Empties what runs leave; models and problems stay. Faster than TRUNCATE, which syncs a file for
#: each table.
EMPTY = """
DO $$ DECLARE one name; BEGIN
    -- No trigger fires, so the order does not matter.
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT tablename FROM pg_tables
                WHERE schemaname = 'eval'
                  AND tablename NOT IN ('alembic_version', 'model', 'problem') LOOP
        EXECUTE 'DELETE FROM eval.' || quote_ident(one);
    END LOOP;
END $$
"""
JOBS = """
SELECT j.id, j.run_id, m.name AS model, m.queue, p.name AS problem, j.prompt, j.repetition,
       j.priority, j.state, j.attempt_no, j.max_attempts, j.retried_after, j.held, j.failure_kind,
       j.available_at <= now() AS available, j.lease_expires_at < now() AS overdue, j.worker_id,
       (SELECT array_agg(a.outcome || ' ' || a.worker_id || ' ' || coalesce(a.error_class, '')
                         ORDER BY a.attempt_no)
          FROM eval.attempt AS a WHERE a.job_id = j.id) AS attempts
  FROM eval.job AS j
  JOIN eval.model AS m ON m.id = j.model_id
  JOIN eval.problem AS p ON p.id = j.problem_id
"""
COMPARED = (
    *("state", "attempt_no", "max_attempts", "retried_after"),
    *("held", "priority", "failure_kind", "queue"),
)
#: Runs whose tally, from which progress is read, differs from their jobs.
WRONG_TALLIES = """
SELECT r.id FROM eval.run AS r
 CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state IN ('queued', 'running')) AS open,
                            count(*) FILTER (WHERE state = 'succeeded') AS succeeded,
                            count(*) FILTER (WHERE state = 'failed') AS failed,
                            count(*) FILTER (WHERE state = 'dead') AS dead,
                            count(*) FILTER (WHERE state = 'cancelled') AS cancelled
                       FROM eval.job WHERE run_id = r.id) AS counted
 CROSS JOIN LATERAL (SELECT sum(open) AS open, sum(succeeded) AS succeeded, sum(failed) AS failed,
                            sum(dead) AS dead, sum(cancelled) AS cancelled
                       FROM eval.run_tally WHERE run_id = r.id) AS summed
 WHERE to_jsonb(counted) <> to_jsonb(summed)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An attempt as its worker knows it, whether it still may write or not."""

    worker: uuid.UUID
    job: ClaimedJob

    def __repr__(self) -> str:
        return f"<attempt {self.job.attempt_no} of job {self.job.job_id}>"


class RecordingBroker:
    """A broker in memory with the shape of ``HintBroker``.

    It can be emptied, and go away in the middle of a batch.
    """

    def __init__(self) -> None:
        self.queues: dict[str, list[int]] = defaultdict(list)
        #: Hints that it still takes before it is away; None for any number.
        self.takes: int | None = None

    def publish(self, queue: str, job_ids: Sequence[int]) -> int:
        """Take hints one by one, as far as it goes."""
        for job_id in job_ids:
            if self.takes == 0:
                raise ServiceUnreachable("broker", "it went away", mend="Start it")
            self.takes = None if self.takes is None else self.takes - 1
            self.queues[queue].append(job_id)
        return len(job_ids)

    def depth(self, queue: str) -> int:
        """Count the hints that wait."""
        if self.takes == 0:
            raise ServiceUnreachable("broker", "it is away", mend="Start it")
        return len(self.queues[queue])


def key_of(row: dict[str, Any]) -> JobKey:
    """Return what makes a row of ``JOBS`` unique."""
    return JobKey(
        **{name: row[name] for name in ("run_id", "model", "problem", "prompt", "repetition")}
    )


def compared(row: dict[str, Any]) -> dict[str, Any]:
    """Return what of a row of ``JOBS`` the model must agree with."""
    return (
        {name: row[name] for name in COMPARED}
        | ({"available": row["available"]} if row["state"] == "queued" else {})
        | {"key": key_of(row), "overdue": bool(row["overdue"]), "attempts": row["attempts"] or []}
    )


def expected(job: JobModel) -> dict[str, Any]:
    """Return the same of a job of the model."""
    facts = {name: getattr(job, name) for name in COMPARED}
    waits = {"available": job.available} if job.state is JobState.QUEUED else {}
    attempts = [f"{a.outcome} {a.worker} {a.error_class or ''}" for a in job.attempts]
    return facts | waits | {"key": job.key, "overdue": job.overdue, "attempts": attempts}
