"""Commit a result: everything about one attempt in one transaction that its fencing token guards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql import func

from db.claims import LeaseLost
from db.engine import is_connection_loss, rows, transaction, unreachable
from db.errors import ServiceUnreachable
from db.models import Attempt, Generation, Job, MemoryTrace, Score, StepVerdict, TextBlob
from db.statements import statement
from db.states import AttemptOutcome, JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one attempt produced; rows without keys, which the commit fills in."""

    generation: Generation
    #: The texts that the generation names, by their SHA-256.
    texts: Mapping[str, str]
    trace: MemoryTrace | None = None
    #: None for a speed run, whose text means nothing.
    score: Score | None = None
    verdicts: Sequence[StepVerdict] = field(default_factory=tuple)


def commit(engine: Engine, job_id: int, attempt_no: int, result: Result) -> None:
    """Write the result and finish the job, all or nothing.

    Raise ``LeaseLost`` when the attempt is not the job's any more: nothing is written then. Where the connection broke
    while committing, the outcome is read back; ``ServiceUnreachable`` means that it could not be learned.
    """
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            _write(session, job_id, attempt_no, result)
    except DBAPIError as error:
        if not is_connection_loss(error):
            raise
        if not _committed(engine, job_id, attempt_no):
            raise unreachable(engine, error) from error


def _write(session: Session, job_id: int, attempt_no: int, result: Result) -> None:
    fence = {"job": job_id, "attempt_no": attempt_no}
    if not rows(session.connection(), statement("succeed"), fence):
        raise LeaseLost(job_id, attempt_no)
    texts = [{"hash": key, "content": content} for key, content in sorted(result.texts.items())]
    session.execute(insert(TextBlob).on_conflict_do_nothing(), texts)
    result.generation.job_id = job_id
    result.generation.attempt_no = attempt_no
    session.add(result.generation)
    session.flush()
    if result.trace is not None:
        result.trace.job_id = job_id
        session.add(result.trace)
    if result.score is not None:
        add_score(session, job_id, result.score, result.verdicts)
    session.execute(
        update(Attempt)
        .where(Attempt.job_id == job_id, Attempt.attempt_no == attempt_no)
        .values(outcome=AttemptOutcome.SUCCEEDED.value, ended_at=func.now(), boot_id=result.generation.boot_id)
    )


def add_score(session: Session, job_id: int, score: Score, verdicts: Sequence[StepVerdict]) -> None:
    """Add a scoring with its verdicts; earlier scorings of the job stay."""
    score.job_id = job_id
    session.add(score)
    session.flush()
    for ordinal, verdict in enumerate(verdicts, start=1):
        verdict.score_id = score.id
        verdict.ordinal = ordinal
        session.add(verdict)


def _committed(engine: Engine, job_id: int, attempt_no: int) -> bool:
    """Read back whether a commit whose answer was lost took place."""
    try:
        with transaction(engine) as connection:
            query = select(Job.state, Job.attempt_no).where(Job.id == job_id)
            state, found_no = connection.execute(query).one()
    except ServiceUnreachable:
        return False
    return bool(state == JobState.SUCCEEDED.value and found_no == attempt_no)
