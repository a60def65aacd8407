"""Models behind a server: whether they are held, and how fast they may be used."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, Timestamp


class ModelServer(Base):
    """One model of one server, for all workers; its times are the database's."""

    __tablename__ = "model_server"
    __table_args__ = (
        CheckConstraint("(failures > 0) = (held_until IS NOT NULL)", name="failing_is_held"),
    )

    base_url: Mapped[str] = mapped_column(primary_key=True)
    #: The model as the server knows it.
    source: Mapped[str] = mapped_column(primary_key=True)
    #: Holds one after another, without a success in between.
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    failing_since: Mapped[Timestamp | None]
    #: The newest hold: its beginning and end.
    held_at: Mapped[Timestamp | None]
    held_until: Mapped[Timestamp | None]
    error_class: Mapped[str | None]
    error_message: Mapped[str | None]
    #: The attempt that tries, after a hold, whether the server is back.
    trying_job_id: Mapped[int | None] = mapped_column(BigInteger)
    trying_attempt_no: Mapped[int | None]
    last_success_at: Mapped[Timestamp | None]
    #: When the next request may be sent, by the limit of requests and by that of tokens.
    next_request_at: Mapped[Timestamp | None]
    next_tokens_at: Mapped[Timestamp | None]
