"""The prompts of finished runs are kept.

Revision ID: 0038
Revises: 0037
"""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0038_run_prompts_kept.sql")
#: What defines the changed view as the revision before has it.
BEFORE = SCRIPT.with_name("0023_prompt_templates.sql")


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    text = BEFORE.read_text(encoding="utf-8")
    defined = re.search(r"CREATE VIEW analytics_v1\.run_prompts AS\n.*?;\n", text, re.DOTALL)
    assert defined is not None
    op.execute(defined[0].replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1))
    op.execute("DROP VIEW eval.live_run_prompts")
    op.execute("DROP TABLE eval_kept.run_prompts")
