"""What people say of steps: appended, compared with rules and judges, never overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from db.adapters import dumps
from db.engine import rows, transaction
from db.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReview:
    """A person's verdict on one step of one scoring."""

    score_id: int
    step: str
    verdict: str
    reason: str | None
    #: How the step was chosen: ``random`` or ``uncertain``.
    sample: str


def reviewable_steps(engine: Engine, run_id: UUID) -> list[tuple[int, str, str]]:
    """Return scoring, step and verdict of the rules for the newest scorings of a run."""
    found = _read(engine, "reviewable_steps", run=run_id)
    return [(row["score_id"], row["step"], row["verdict"]) for row in found]


def known_steps(engine: Engine, reviews: Sequence[NewReview]) -> frozenset[tuple[int, str]]:
    """Return which of the steps reviewed exist."""
    found = _read(engine, "known_steps", reviews=_json(reviews))
    return frozenset((row["score_id"], row["step"]) for row in found)


def add_reviews(engine: Engine, reviewer: str, reviews: Sequence[NewReview]) -> int:
    """Append reviews and return how many say something new of this reviewer."""
    found = _read(engine, "add_reviews", reviewer=reviewer, reviews=_json(reviews))
    return int(found[0]["added"])


def reviewed_steps(engine: Engine, run_id: UUID, judge: str | None) -> list[dict[str, Any]]:
    """Return the steps of a run that were chosen at random and reviewed, beside rules and judge."""
    return _read(engine, "reviewed_steps", run=run_id, judge=judge)


def chosen_reviews(engine: Engine, run_id: UUID) -> int:
    """Return how many steps of a run have a review and were not chosen at random."""
    return int(_read(engine, "chosen_reviews", run=run_id)[0]["steps"])


def repeated_verdicts(engine: Engine, run_id: UUID, judge: str) -> list[tuple[str, str]]:
    """Return the first two verdicts of a judge on each step of a request it answered repeatedly."""
    found = _read(engine, "repeated_verdicts", run=run_id, judge=judge)
    return [(row["first"], row["second"]) for row in found]


def _json(reviews: Sequence[NewReview]) -> str:
    return dumps(
        [
            asdict(review) | {"reason": review.reason, "number": number}
            for number, review in enumerate(reviews)
        ]
    )


def _read(engine: Engine, name: str, **given: Any) -> list[dict[str, Any]]:
    with transaction(engine) as connection:
        return rows(connection, statement(name, "judgements"), given)
