"""Views about judges and reviews read one run's rows; recent attempts are found by an index.

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0025_judged_runs.sql")
#: Where the views were defined before, with the same columns.
BEFORE = Path(__file__).with_name("0009_analytics_v1.sql")
VIEWS = ("judgements", "reviews", "judged_scores", "judged_steps")


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP INDEX eval.ix_attempt_time")
    text = BEFORE.read_text(encoding="utf-8")
    for view in VIEWS:
        found = re.search(rf"CREATE VIEW (analytics_v1\.{view} AS\n.*?;)\n", text, re.DOTALL)
        assert found is not None
        op.execute(f"CREATE OR REPLACE VIEW {found[1]}")
