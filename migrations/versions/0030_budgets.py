"""Runs may have a budget of GPU hours; what they took is a view.

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0030_budgets.sql")


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP VIEW analytics_v1.run_gpu_hours")
    op.execute("DROP FUNCTION eval.gpus_of(jsonb)")
    op.execute("ALTER TABLE eval.run DROP CONSTRAINT ck_run_budget")
    op.drop_column("run", "budget_gpu_hours", schema="eval")
    op.drop_column("run", "pause_reason", schema="eval")
