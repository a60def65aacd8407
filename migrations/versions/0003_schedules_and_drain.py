"""Add schedules with their slots, and drain, refused messages and a note to workers.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

#: Frozen with this revision.
VIEWS = Path(__file__).with_name("0003_analytics_v1.sql")

OLD_STATES = "'starting', 'idle', 'loading', 'busy', 'stopped', 'lost'"
NEW_STATES = "'starting', 'idle', 'loading', 'busy', 'draining', 'quarantined', 'stopped', 'lost'"


def upgrade() -> None:
    op.create_table(
        "schedule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column(
            "experiment",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "due_from", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sa.UniqueConstraint("name", name=op.f("uq_schedule_name")),
        schema="eval",
    )
    op.create_table(
        "schedule_slot",
        sa.Column("schedule_id", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_hand", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column(
            "made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "(run_id IS NULL) = (error_message IS NOT NULL)",
            name=op.f("ck_schedule_slot_run_or_error"),
        ),
        sa.ForeignKeyConstraint(["run_id"], ["eval.run.id"], name=op.f("fk_schedule_slot_run_id")),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["eval.schedule.id"],
            name=op.f("fk_schedule_slot_schedule_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("schedule_id", "slot", name=op.f("pk_schedule_slot")),
        schema="eval",
    )
    op.add_column(
        "worker", sa.Column("drain_requested_at", sa.DateTime(timezone=True)), schema="eval"
    )
    op.add_column("worker", sa.Column("note", sa.Text()), schema="eval")
    op.add_column(
        "worker",
        sa.Column("messages_refused", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        schema="eval",
    )
    _set_states(NEW_STATES)
    op.execute(VIEWS.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP VIEW analytics_v1.schedule_slots")
    op.execute("DROP VIEW analytics_v1.workers")
    op.execute("DROP VIEW analytics_v1.runs")
    old = Path(__file__).with_name("0001_analytics_v1.sql").read_text(encoding="utf-8")
    for view in ("runs", "workers"):
        op.execute(_statements_about(old, view))
    op.execute(
        "UPDATE eval.worker SET state = 'lost', ended_at = now() WHERE state IN "
        "('draining', 'quarantined')"
    )
    _set_states(OLD_STATES)
    for column in ("messages_refused", "note", "drain_requested_at"):
        op.drop_column("worker", column, schema="eval")
    op.drop_table("schedule_slot", schema="eval")
    op.drop_table("schedule", schema="eval")


def _set_states(states: str) -> None:
    op.drop_constraint(op.f("ck_worker_state"), "worker", schema="eval", type_="check")
    op.create_check_constraint(
        op.f("ck_worker_state"), "worker", f"state IN ({states})", schema="eval"
    )


def _statements_about(script: str, view: str) -> str:
    """Return the statements of a view script that make one view and comment on it."""
    parts = (part.strip() for part in script.split(";\n"))
    about = (f"CREATE VIEW analytics_v1.{view} ", f"CREATE VIEW analytics_v1.{view}\n")
    comments = (f"COMMENT ON VIEW analytics_v1.{view} ", f"COMMENT ON COLUMN analytics_v1.{view}.")
    return ";\n".join(part for part in parts if part.startswith((*about, *comments))) + ";"
