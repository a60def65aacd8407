"""Read each result once for the medians of a model, and say of each whether it is used.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: Frozen with this revision.
VIEWS = Path(__file__).with_name("0006_analytics_v1.sql")
OLD_VIEWS = tuple(
    Path(__file__).with_name(f"{number}_analytics_v1.sql") for number in ("0001", "0003", "0005")
)


def upgrade() -> None:
    op.execute(VIEWS.read_text(encoding="utf-8"))


def downgrade() -> None:
    # A view gives no column back: all are made again as they were. What stands on them in schema
    # eval goes with them.
    op.execute("DROP SCHEMA analytics_v1 CASCADE")
    for views in OLD_VIEWS:
        op.execute(views.read_text(encoding="utf-8"))
