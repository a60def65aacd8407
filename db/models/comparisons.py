"""What comparisons found."""

from __future__ import annotations

import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, BigId, Created, Json


class Comparison(Base):
    """Two sides compared once. A trigger refuses changes: rows are only appended."""

    __tablename__ = "comparison"
    __table_args__ = (
        CheckConstraint("verdict IN ('pass', 'warn', 'block', 'inconclusive')", name="verdict"),
        Index("ix_comparison_run_a", "run_a_id", "id"),
    )

    id: Mapped[BigId]
    run_a_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("eval.run.id"))
    run_b_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("eval.run.id"))
    model_a: Mapped[str]
    model_b: Mapped[str]
    #: NULL: all prompt styles, each paired with the same of the other side.
    prompt_a: Mapped[str | None]
    prompt_b: Mapped[str | None]
    policy: Mapped[Json]
    policy_hash: Mapped[str]
    verdict: Mapped[str]
    forced: Mapped[bool]
    #: Number of problems that were paired.
    problems: Mapped[int]
    created_at: Mapped[Created]
