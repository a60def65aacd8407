"""Scores are found by their job without reading all of them.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0026_scores_by_job.sql")
#: The views of the revision before.
BEFORE = Path(__file__).with_name("0025_judged_runs.sql")


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    scores = SCRIPT.read_text(encoding="utf-8").partition("\n-- From")[0]
    op.execute(scores.replace("SELECT j.job_id,", "SELECT s.job_id,", 1))
    # Every view of the revision before but the index is defined there.
    views = BEFORE.read_text(encoding="utf-8").partition("\n-- What ended lately")[0]
    op.execute(views)
