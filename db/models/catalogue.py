"""What is evaluated: models, problems and texts, each stored once under the hash of its content."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, BigId, Created, Json


class Model(Base):
    """A model as it was registered when jobs were submitted; a changed spec is another row."""

    __tablename__ = "model"
    __table_args__ = (UniqueConstraint("name", "spec_hash"),)

    id: Mapped[BigId]
    name: Mapped[str]
    spec_hash: Mapped[str]
    engine: Mapped[str]
    queue: Mapped[str]
    synthetic: Mapped[bool]
    price_per_gpu_hour: Mapped[float | None]
    #: GPUs that one engine of it takes: no worker with fewer claims its jobs.
    gpus: Mapped[int] = mapped_column(server_default=text("1"))
    spec: Mapped[Json]
    created_at: Mapped[Created]


class Problem(Base):
    """A problem with its reference paths, frozen as it was when jobs were submitted."""

    __tablename__ = "problem"
    __table_args__ = (
        UniqueConstraint("name", "content_hash"),
        CheckConstraint("category IN ('secondary', 'university', 'modelling')", name="category"),
    )

    id: Mapped[BigId]
    #: The problem's own id, e.g. ``sec-symmetric-01``.
    name: Mapped[str]
    content_hash: Mapped[str]
    category: Mapped[str]
    document: Mapped[Json]
    created_at: Mapped[Created]


class PromptTemplate(Base):
    """One wording of a prompt style as it was when jobs were submitted."""

    __tablename__ = "prompt_template"
    __table_args__ = (UniqueConstraint("name", "version"),)

    id: Mapped[BigId]
    #: The style, behind a slash the number of its wording from 2: ``stepwise/2``.
    name: Mapped[str]
    #: SHA-256 of the words, in hex.
    version: Mapped[str]
    document: Mapped[Json]
    created_at: Mapped[Created]


class TextBlob(Base):
    """A prompt or an output, addressed by the SHA-256 of its UTF-8 text."""

    __tablename__ = "text_blob"

    #: SHA-256 in hex.
    hash: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[str]
