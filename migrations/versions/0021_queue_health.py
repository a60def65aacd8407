"""The health of queues as a view, and the unit of every number in its comment.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0021_queue_health.sql")


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    # Comments that say more stay: they are true of the columns before, too.
    op.execute("DROP VIEW analytics_v1.queue_health")
