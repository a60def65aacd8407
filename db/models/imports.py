"""Where answers come from that were made elsewhere."""

from __future__ import annotations

import uuid

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, BigId, Created


class AnswerFile(Base):
    """A file of answers, imported into a run once."""

    __tablename__ = "answer_file"
    __table_args__ = (
        UniqueConstraint("run_id", "sha256"),
        CheckConstraint("form IN ('lm-eval', 'inspect', 'jsonl')", name="form"),
    )

    id: Mapped[BigId]
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("eval.run.id"))
    #: Of its content, in hex.
    sha256: Mapped[str]
    #: Without its folder.
    name: Mapped[str]
    form: Mapped[str]
    #: Who made the answers, as the file says it.
    origin: Mapped[str]
    created_at: Mapped[Created]


class ImportedAnswer(Base):
    """The place in a file that a job's answer was read from."""

    __tablename__ = "imported_answer"
    __table_args__ = (Index("ix_imported_answer_file", "file_id"),)

    job_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("eval.generation.job_id"), primary_key=True
    )
    file_id: Mapped[int] = mapped_column(ForeignKey("eval.answer_file.id"))
    #: Line or sample.
    place: Mapped[str]
