"""What judges and people say of steps: judgements, their steps, and reviews."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, BigId, Created


class Judgement(Base):
    """One judge asked once about one scoring. Rows are only added; what counts, the views say."""

    __tablename__ = "judgement"
    __table_args__ = (
        UniqueConstraint("score_id", "judge", "prompt_hash", "reply_key"),
        UniqueConstraint("job_id"),
        Index("ix_judgement_reply_text", "reply_text_hash"),
    )

    id: Mapped[BigId]
    score_id: Mapped[int] = mapped_column(ForeignKey("eval.score.id"))
    #: Name of the judge: of the model that our queue asked, or as given at the import.
    judge: Mapped[str]
    #: The judge job, whose generation has the times and tokens; NULL for imported replies.
    job_id: Mapped[int | None] = mapped_column(ForeignKey("eval.generation.job_id"))
    #: Hash of the judge's model spec.
    judge_config_hash: Mapped[str | None]
    #: Of messages and schema.
    prompt_hash: Mapped[str]
    prompt_version: Mapped[str]
    temperature: Mapped[float | None]
    #: The reply as it came.
    reply_text_hash: Mapped[str] = mapped_column(ForeignKey("eval.text_blob.hash"))
    #: Distinguishes the replies to one request: an import again adds none twice.
    reply_key: Mapped[str]
    created_at: Mapped[Created]


class JudgedStep(Base):
    """What a judgement says of one step that the judge was asked about."""

    __tablename__ = "judged_step"
    __table_args__ = (CheckConstraint("verdict IN ('done', 'wrong', 'missing')", name="verdict"),)

    judgement_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("eval.judgement.id"), primary_key=True
    )
    step: Mapped[str] = mapped_column(primary_key=True)
    #: NULL where the reply has no verdict that can be used; ``reason`` says why.
    verdict: Mapped[str | None]
    quote: Mapped[str | None]
    reason: Mapped[str | None]


class Review(Base):
    """A person's verdict on one step. A trigger refuses changes: rows are only appended."""

    __tablename__ = "review"
    __table_args__ = (
        CheckConstraint(
            "verdict IN ('done', 'present_invalid', 'wrong', 'missing', 'unclear')", name="verdict"
        ),
        CheckConstraint("sample IN ('random', 'uncertain')", name="sample"),
        Index("ix_review_score", "score_id", "step", "id"),
    )

    id: Mapped[BigId]
    score_id: Mapped[int] = mapped_column(ForeignKey("eval.score.id"))
    step: Mapped[str]
    reviewer: Mapped[str]
    verdict: Mapped[str]
    #: The verdict that stood before: of the review before it, else of the rules.
    old_verdict: Mapped[str]
    reason: Mapped[str | None]
    #: How the step was chosen; only random ones estimate how far a judge agrees.
    sample: Mapped[str]
    created_at: Mapped[Created]
