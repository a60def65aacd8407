"""Views with a row per result are read over all runs at little more than their tables cost.

Revision ID: 0033
Revises: 0032
"""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0033_views_over_all.sql")
#: What defines the changed views as the revision before has them, and keeps a run.
VIEWS_BEFORE = SCRIPT.with_name("0027_views_for_analysts.sql")
KEEPING_BEFORE = SCRIPT.with_name("0024_kept_results.sql")
CHANGED = ("jobs", "attempts", "generations", "scores", "memory_samples", "card_looks")


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP VIEW analytics_v1.step_counts, eval.live_step_counts")
    op.execute("DROP TABLE eval_kept.step_counts")
    views = VIEWS_BEFORE.read_text(encoding="utf-8")
    for name in CHANGED:
        op.execute(_found(rf"CREATE OR REPLACE VIEW analytics_v1\.{name} AS\n.*?;\n", views))
    op.execute("DROP VIEW eval.live_length_outliers, eval.answer_length")
    op.execute("DROP TABLE eval_kept.length_outliers")
    keeping = KEEPING_BEFORE.read_text(encoding="utf-8")
    keep_run = _found(r"CREATE FUNCTION eval\.keep_run.*?END \$\$;\n", keeping)
    op.execute(keep_run.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    op.execute("DROP INDEX eval.ix_generation_time")
    op.execute("DROP INDEX eval.ix_score_time")
    op.execute("DROP TRIGGER supersede ON eval.score")
    op.execute("DROP FUNCTION eval.supersede_scores()")
    op.drop_column("score", "superseded", schema="eval")


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.DOTALL)
    assert found is not None
    return found[0]
