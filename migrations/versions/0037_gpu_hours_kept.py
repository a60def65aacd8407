"""GPU hours of finished runs are kept.

Revision ID: 0037
Revises: 0036
"""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0037_gpu_hours_kept.sql")
#: What defines the changed views as the revision before has them.
BEFORE = {"run_gpu_hours": "0030_budgets.sql", "generation_gpus": "0031_gpu_groups.sql"}


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    for name, file in BEFORE.items():
        text = SCRIPT.with_name(file).read_text(encoding="utf-8")
        defined = re.search(rf"CREATE VIEW analytics_v1\.{name} AS\n.*?;\n", text, re.DOTALL)
        assert defined is not None
        op.execute(defined[0].replace("CREATE VIEW", "CREATE OR REPLACE VIEW", 1))
    op.execute("DROP VIEW eval.live_gpu_hours")
    op.execute("DROP TABLE eval_kept.gpu_hours")
