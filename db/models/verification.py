"""Draft, then verify: which runs are pipelines, and what verifications found, step by step."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Created


class Pipeline(Base):
    """A run whose scored answers are drafts: the commit of each adds a verification job."""

    __tablename__ = "pipeline"
    __table_args__ = (CheckConstraint("deadline_ms > 0", name="deadline_ms"),)

    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("eval.run.id"), primary_key=True)
    verifier_model_id: Mapped[int] = mapped_column(ForeignKey("eval.model.id"))
    #: Time for a model's verdict on one step; then the step stays unverified.
    deadline_ms: Mapped[float]
    #: Of the words that the verifier is sent.
    prompt_version: Mapped[str]
    #: How the verifier is sent them; each reply is one label.
    sampling: Mapped[dict[str, Any]] = mapped_column(JSONB)
    max_attempts: Mapped[int]


class Verification(Base):
    """The marks on one draft, made by one job: computation first, then the model."""

    __tablename__ = "verification"
    __table_args__ = (
        Index("ix_verification_draft", "draft_job_id"),
        Index("ix_verification_document", "document_text_hash"),
    )

    job_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("eval.job.id"), primary_key=True, autoincrement=False
    )
    draft_job_id: Mapped[int] = mapped_column(ForeignKey("eval.generation.job_id"))
    #: Of the checks by computation.
    verifier_version: Mapped[str]
    prompt_version: Mapped[str]
    #: How the labels were read; NULL where the model was sent nothing.
    labels_by: Mapped[str | None]
    deadline_ms: Mapped[float]
    #: Computation over all steps.
    rule_ms: Mapped[float]
    #: From the first request to the last label or deadline; NULL where none was sent.
    model_ms: Mapped[float | None]
    #: The whole solution with its marks.
    document_text_hash: Mapped[str] = mapped_column(ForeignKey("eval.text_blob.hash"))
    created_at: Mapped[Created]


class VerifiedStep(Base):
    """One step of a draft with its mark; offsets count characters of the draft's text."""

    __tablename__ = "verified_step"
    __table_args__ = (
        CheckConstraint(
            "mark IN ('consistent', 'needs_premise', 'wrong', 'unverified')", name="mark"
        ),
        CheckConstraint("decided_by IN ('rule', 'model')", name="decided_by"),
        CheckConstraint("NOT late OR mark = 'unverified'", name="late"),
        CheckConstraint("decided_by IS NOT NULL OR mark = 'unverified'", name="decided"),
        CheckConstraint("step_start >= 0 AND step_end >= step_start", name="offsets"),
    )

    job_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("eval.verification.job_id"), primary_key=True, autoincrement=False
    )
    #: 1, 2, ...
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    step_start: Mapped[int]
    step_end: Mapped[int]
    mark: Mapped[str]
    #: NULL where neither decided.
    decided_by: Mapped[str | None]
    reason: Mapped[str]
    #: Whether computation could read a relation of the step on both sides.
    parsed: Mapped[bool]
    #: The model gave no label before the deadline.
    late: Mapped[bool]
    rule_ms: Mapped[float]
    #: From the request to its label or deadline; NULL where none was sent.
    model_ms: Mapped[float | None]
    #: Of the model's label among the labels, and of all that is none; NULL where only text came.
    probability: Mapped[float | None]
    outside_mass: Mapped[float | None]
