"""The view of runs names their tags.

Revision ID: 0034
Revises: 0033
"""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0034_run_tags.sql")
#: What defines and describes the view as the revision before has it.
BEFORE = ("0001_analytics_v1.sql", "0003_analytics_v1.sql", "0027_views_for_analysts.sql")
DEFINED = re.compile(r"CREATE OR REPLACE VIEW analytics_v1\.runs AS\n.*?;\n", re.DOTALL)
DESCRIBED = re.compile(r"^COMMENT ON (?:VIEW|COLUMN) analytics_v1\.runs[. ].*;$", re.MULTILINE)


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP VIEW analytics_v1.runs")
    texts = [SCRIPT.with_name(name).read_text(encoding="utf-8") for name in BEFORE]
    op.execute(DEFINED.findall(texts[-1])[0])
    for text in texts:
        for comment in DESCRIBED.findall(text):
            op.execute(comment)
