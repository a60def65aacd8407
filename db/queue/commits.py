"""Commit a result: one transaction for an attempt, guarded by its fencing token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg.types.json import Jsonb
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from core.errors import ServiceUnreachable
from core.states import JobState
from db.engine import run_alone, transaction
from db.models import (
    Base,
    Generation,
    Job,
    JudgedStep,
    Judgement,
    MemoryTrace,
    Score,
    StepVerdict,
    Verification,
    VerifiedStep,
)
from db.queue.claims import LeaseLost
from db.results.scoring_rows import row_document
from db.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one attempt produced; rows without keys, which the commit fills in."""

    #: None for a verification that sent its model nothing.
    generation: Generation | None
    #: The texts that generation and verification name, by their SHA-256.
    texts: Mapping[str, str]
    trace: MemoryTrace | None = None
    #: None for a speed run, whose text means nothing.
    score: Score | None = None
    verdicts: Sequence[StepVerdict] = field(default_factory=tuple)
    #: What the text says as a judge's reply; None for any other job.
    judgement: Judgement | None = None
    judged_steps: Sequence[JudgedStep] = field(default_factory=tuple)
    #: What a verification found; None for any other job.
    verification: Verification | None = None
    verified_steps: Sequence[VerifiedStep] = field(default_factory=tuple)


def commit(engine: Engine, job_id: int, attempt_no: int, result: Result) -> None:
    """Write the result and finish the job, all or nothing.

    In a pipeline a scored answer is a draft: its verification is queued in the same transaction.
    Raise ``LeaseLost`` when the attempt has lost its lease: nothing is written then. Where the
    connection broke while committing, the outcome is read back; ``ServiceUnreachable`` means that
    it is unknown.
    """
    given = {
        "job": job_id,
        "attempt_no": attempt_no,
        "texts": Jsonb(dict(result.texts)),
        "generations": _documents(() if result.generation is None else (result.generation,)),
        "traces": _documents(() if result.trace is None else (result.trace,)),
        "scores": _documents(() if result.score is None else (result.score,)),
        "judgements": _documents(() if result.judgement is None else (result.judgement,)),
        "judged_steps": _documents(result.judged_steps),
        "verifications": _documents(() if result.verification is None else (result.verification,)),
        "verified_steps": _documents(result.verified_steps),
        "verdicts": Jsonb(
            [
                row_document(verdict) | {"ordinal": ordinal}
                for ordinal, verdict in enumerate(result.verdicts, start=1)
            ]
        ),
    }
    try:
        written = run_alone(engine, statement("commit", "commits"), given)
    except ServiceUnreachable:
        if not _committed(engine, job_id, attempt_no):
            raise
        return
    if not written and not _committed(engine, job_id, attempt_no):
        raise LeaseLost(job_id, attempt_no)


def add_flag(
    engine: Engine, attempts: Sequence[tuple[int, int]], flag: str
) -> frozenset[tuple[int, int]]:
    """Flag the results of these (job, attempt) pairs.

    Return those that have a result, flagged now or before. Raise ``ServiceUnreachable``; flagging
    again does no harm.
    """
    jobs, numbers = [job for job, _ in attempts], [number for _, number in attempts]
    rows = run_alone(
        engine, statement("add_flag", "commits"), {"flag": flag, "jobs": jobs, "attempts": numbers}
    )
    return frozenset((row["job_id"], row["attempt_no"]) for row in rows)


def _documents(rows: Iterable[Base]) -> Jsonb:
    return Jsonb([row_document(row) for row in rows])


def _committed(engine: Engine, job_id: int, attempt_no: int) -> bool:
    """Read back whether a commit whose answer was lost took place."""
    try:
        with transaction(engine) as connection:
            query = select(Job.state, Job.attempt_no).where(Job.id == job_id)
            state, found_no = connection.execute(query).one()
    except (ServiceUnreachable, DBAPIError):
        return False
    return bool(state == JobState.SUCCEEDED.value and found_no == attempt_no)
