"""Rename the suffix ``_IN_COMPANY`` of error classes to ``_IN_BATCH``; revise comments.

A worker of the version before may still run meanwhile. It goes on writing the old ending, which
only costs the job its run alone: it may share an engine again.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: Frozen with this revision.
COMMENTS = Path(__file__).with_name("0008_comments.sql")

# Queues of millions take longer than a statement may.
NO_TIMEOUT = "SET LOCAL statement_timeout = 0"
UP = """
UPDATE eval.job SET error_class = left(error_class, -length('_IN_COMPANY')) || '_IN_BATCH'
 WHERE right(error_class, length('_IN_COMPANY')) = '_IN_COMPANY';
UPDATE eval.attempt SET error_class = left(error_class, -length('_IN_COMPANY')) || '_IN_BATCH'
 WHERE right(error_class, length('_IN_COMPANY')) = '_IN_COMPANY';
"""
DOWN = """
UPDATE eval.job SET error_class = left(error_class, -length('_IN_BATCH')) || '_IN_COMPANY'
 WHERE right(error_class, length('_IN_BATCH')) = '_IN_BATCH';
UPDATE eval.attempt SET error_class = left(error_class, -length('_IN_BATCH')) || '_IN_COMPANY'
 WHERE right(error_class, length('_IN_BATCH')) = '_IN_BATCH';
"""


def upgrade() -> None:
    op.execute(NO_TIMEOUT)
    op.execute(UP)
    op.execute(COMMENTS.read_text(encoding="utf-8"))


def downgrade() -> None:
    # The comments say the same as before in other words; they stay.
    op.execute(NO_TIMEOUT)
    op.execute(DOWN)
