"""Totals of jobs, attempts and answers are kept of finished runs.

Revision ID: 0036
Revises: 0035
"""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0036_totals.sql")
#: What defines and describes the changed views as the revision before has them.
BEFORE = {"step_counts": "0033_views_over_all.sql", "answer_energy": "0032_energy.sql",
          "model_energy": "0032_energy.sql"}  # fmt: skip
NEW = ("job_counts", "attempt_counts", "answer_totals")


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    for name in (*NEW, "step_counts"):
        op.execute(f"DROP VIEW analytics_v1.{name}, eval.live_{name}")
        op.execute(f"DROP TABLE eval_kept.{name}")
    for name, file in BEFORE.items():
        text = SCRIPT.with_name(file).read_text(encoding="utf-8")
        defined = re.search(rf"CREATE VIEW analytics_v1\.{name} AS\n.*?;\n", text, re.DOTALL)
        assert defined is not None
        op.execute(defined[0].replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1))
    text = SCRIPT.with_name(BEFORE["step_counts"]).read_text(encoding="utf-8")
    for comment in re.findall(
        r"^COMMENT ON (?:VIEW|COLUMN) analytics_v1\.step_counts[. ].*;$", text, re.MULTILINE
    ):
        op.execute(comment)
    op.execute("SELECT eval.keep_view('step_counts')")
