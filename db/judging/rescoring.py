"""Stored generations of a run, page by page, and new scores beside the old ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db.engine import is_connection_loss, pages, rows, transaction, unreachable
from db.models import Score, StepVerdict
from db.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGeneration:
    """A generation to score: its text, the problem as submitted, and its current score."""

    job_id: int
    problem: str
    content_hash: str
    document: Mapping[str, Any]
    text: str
    score7: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationCounts:
    """How many generations a run has; ``current`` ones were scored by the given version."""

    generations: int
    speed: int
    current: int


def count_generations(engine: Engine, run_id: UUID, scorer_version: str) -> GenerationCounts:
    """Count the generations of a run."""
    with transaction(engine) as connection:
        found = rows(
            connection,
            statement("count_generations", "rescoring"),
            {"run": run_id, "version": scorer_version},
        )
    return GenerationCounts(**found[0])


def generations_to_score(
    engine: Engine, run_id: UUID, scorer_version: str, *, force: bool
) -> Iterator[list[StoredGeneration]]:
    """Yield pages of the generations that this version has not scored, or of all with ``force``.

    Speed runs never.
    """
    given = {"run": run_id, "version": scorer_version, "force": force}
    for page in pages(engine, statement("generations_to_score", "rescoring"), given, key="job_id"):
        yield [StoredGeneration(**row) for row in page]


def add_scores(engine: Engine, scored: Sequence[tuple[int, Score, Sequence[StepVerdict]]]) -> None:
    """Add scores to their jobs in one transaction; what was scored before stays.

    Raise ``ServiceUnreachable`` where the database is lost; none of these scores may be stored
    then.
    """
    try:
        with Session(engine) as session, session.begin():
            for job_id, score, verdicts in scored:
                _add_score(session, job_id, score, verdicts)
    except DBAPIError as error:
        if is_connection_loss(error):
            raise unreachable(engine, error) from error
        raise


def _add_score(
    session: Session, job_id: int, score: Score, verdicts: Sequence[StepVerdict]
) -> None:
    score.job_id = job_id
    session.add(score)
    session.flush()
    for ordinal, verdict in enumerate(verdicts, start=1):
        verdict.score_id = score.id
        verdict.ordinal = ordinal
        session.add(verdict)
