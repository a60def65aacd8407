"""What is submitted by the clock: schedules and their past slots."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base, BigId, Created, Json, Timestamp


class Schedule(Base):
    """An experiment that is submitted as a new run whenever its cron expression says so."""

    __tablename__ = "schedule"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[BigId]
    name: Mapped[str]
    #: Five fields: minute, hour, day of month, month, day of week.
    cron: Mapped[str]
    #: IANA name, e.g. ``Asia/Shanghai``; cron is read in it.
    timezone: Mapped[str]
    #: What to submit, as an experiment file says it.
    experiment: Mapped[Json]
    #: Slots up to here are settled: submitted, superseded by a later one, or skipped while the
    #: schedule was paused.
    due_from: Mapped[Created]
    created_at: Mapped[Created]
    paused_at: Mapped[Timestamp | None]


class ScheduleSlot(Base):
    """One due time of a schedule and the run it became.

    The key makes a second run for it impossible.
    """

    __tablename__ = "schedule_slot"
    __table_args__ = (
        CheckConstraint("(run_id IS NULL) = (error_message IS NOT NULL)", name="run_or_error"),
    )

    schedule_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("eval.schedule.id", ondelete="CASCADE"), primary_key=True
    )
    slot: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    #: A user started it outside the schedule.
    by_hand: Mapped[bool] = mapped_column(server_default=text("false"))
    run_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("eval.run.id"))
    #: Why there is no run.
    error_message: Mapped[str | None]
    made_at: Mapped[Created]
