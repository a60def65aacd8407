"""Comparisons are kept: a second try of a gate is a second test.

A version before compares without keeping anything; nothing depends on its rows.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0016_comparisons.sql")


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP VIEW analytics_v1.comparisons; DROP TABLE eval.comparison")
