"""What is compared every night: baselines, nights and the alerts about them."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.states import AlertChannel, NightState, words
from db.models.base import Base, BigId, Created, Json, Timestamp


class Baseline(Base):
    """A version of a baseline: nights that a person chose as the reference.

    Only appended: to pin again makes the next version.
    """

    __tablename__ = "baseline"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        CheckConstraint("version >= 1", name="version"),
    )

    id: Mapped[BigId]
    name: Mapped[str]
    #: 1, 2, ...
    version: Mapped[int]
    #: Why these nights are the reference, in the person's words.
    reason: Mapped[str]
    pinned_by: Mapped[str]
    #: Name of the schedule that the nights are of.
    schedule: Mapped[str]
    #: The runs of the nights, oldest first.
    run_ids: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid))
    #: What each model's nights were made under, as the comparison reads it.
    conditions: Mapped[Json]
    created_at: Mapped[Created]


class BaselineMetric(Base):
    """One metric of one model and prompt on the nights of a baseline, as frozen.

    Logarithms where the metric is compared as a ratio. Only appended.
    """

    __tablename__ = "baseline_metric"

    baseline_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("eval.baseline.id"), primary_key=True
    )
    model: Mapped[str] = mapped_column(primary_key=True)
    prompt: Mapped[str] = mapped_column(primary_key=True)
    metric: Mapped[str] = mapped_column(primary_key=True)
    #: Mean over the nights, by problem.
    problems: Mapped[Json]
    #: Per night: mean over the problems of the distance from those means.
    distances: Mapped[list[float]] = mapped_column(ARRAY(Double))


class Nightly(Base):
    """What becomes of the nights of a schedule: the baseline and policy they are held to."""

    __tablename__ = "nightly"
    __table_args__ = (CheckConstraint("due_within_s > 0", name="due_within_s"),)

    schedule_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("eval.schedule.id", ondelete="CASCADE"), primary_key=True
    )
    #: Name of the baseline; before it is pinned the nights are learned from.
    baseline: Mapped[str]
    #: The policy as its file says it; empty: the default.
    policy: Mapped[Json]
    #: Seconds after its slot at which a night must be done.
    due_within_s: Mapped[float]
    #: Slots up to here are known as nights.
    settled_to: Mapped[Created]


class Night(Base):
    """One night of a schedule: its run and what the comparison with the baseline says."""

    __tablename__ = "night"
    __table_args__ = (
        CheckConstraint(f"state IN ({words(NightState)})", name="state"),
        CheckConstraint("done = (done_at IS NOT NULL)", name="done_has_time"),
        # Nights that are still open are few.
        Index("ix_night_open", "schedule_id", "slot", postgresql_where=text("NOT done")),
    )

    schedule_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("eval.schedule.id", ondelete="CASCADE"), primary_key=True
    )
    slot: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    #: NULL where the slot has no run.
    run_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("eval.run.id"))
    due_at: Mapped[Timestamp]
    state: Mapped[str]
    #: Why the night is in this state, as a sentence.
    reason: Mapped[str] = mapped_column(server_default=text("''"))
    #: The version of the baseline it was compared with.
    baseline_id: Mapped[int | None] = mapped_column(ForeignKey("eval.baseline.id"))
    #: Nothing more will change: it was compared, or will never run.
    done: Mapped[bool] = mapped_column(server_default=text("false"))
    done_at: Mapped[Timestamp | None]


class NightMetric(Base):
    """One metric of one model and prompt on one night, beside the reference."""

    __tablename__ = "night_metric"
    __table_args__ = (
        ForeignKeyConstraint(
            ["schedule_id", "slot"],
            ["eval.night.schedule_id", "eval.night.slot"],
            ondelete="CASCADE",
        ),
        CheckConstraint("course IN ('quiet', 'suspect', 'jump', 'drift')", name="course"),
    )

    schedule_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    slot: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    prompt: Mapped[str] = mapped_column(primary_key=True)
    metric: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str]
    #: Mean over the problems, in the unit; of a ratio the geometric mean.
    value: Mapped[float]
    problems: Mapped[int]
    #: The same of the reference; NULL while there is none, as all that follows.
    reference: Mapped[float | None]
    #: On the scale of the comparison: the mean distance and its standard error.
    distance: Mapped[float | None]
    standard_error: Mapped[float | None]
    #: In the unit of differences: the unit, or per cent of a ratio.
    difference: Mapped[float | None]
    #: In standard deviations of a night, positive where worse.
    z: Mapped[float | None]
    z_limit: Mapped[float | None]
    drift: Mapped[float | None]
    drift_limit: Mapped[float | None]
    course: Mapped[str | None]
    #: What an alarm does: block or warn.
    tier: Mapped[str | None]
    #: Why the metric could not be compared; NULL where it was.
    refused: Mapped[str | None]


class Alert(Base):
    """One message about one night through one channel, written with the decision."""

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint(f"channel IN ({words(AlertChannel)})", name="channel"),
        CheckConstraint("num_nonnulls(sent_at, abandoned_at) <= 1", name="one_end"),
        Index(
            "ix_alert_due",
            "next_try_at",
            postgresql_where=text("sent_at IS NULL AND abandoned_at IS NULL"),
        ),
    )

    id: Mapped[BigId]
    #: Sent along, so that a receiver can drop a message that arrives twice.
    key: Mapped[uuid.UUID] = mapped_column(Uuid, server_default=text("gen_random_uuid()"))
    channel: Mapped[str]
    schedule: Mapped[str]
    slot: Mapped[Timestamp]
    #: State of the night as the message says it.
    state: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    document: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[Created]
    next_try_at: Mapped[Created]
    sent_at: Mapped[Timestamp | None]
    #: When it was given up.
    abandoned_at: Mapped[Timestamp | None]
    #: What went wrong at the last try, without addresses or secrets.
    last_error: Mapped[str | None] = mapped_column(Text)
