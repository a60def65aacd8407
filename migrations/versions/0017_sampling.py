"""Views show the sampling of jobs, and no score mixes two of them.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

#: Frozen with this revision.
VIEWS = Path(__file__).with_name("0017_analytics_v1.sql")


def upgrade() -> None:
    op.execute(VIEWS.read_text(encoding="utf-8"))


def downgrade() -> None:
    """Leave the columns: a view gives none back, and nothing of the version before minds them."""
