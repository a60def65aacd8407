"""Energy of models is kept of finished runs in latency mode.

Revision ID: 0039
Revises: 0038
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0039_model_energy_kept.sql")

DOWN = """
DO $$ BEGIN
    EXECUTE 'CREATE OR REPLACE VIEW analytics_v1.model_energy AS '
            || pg_get_viewdef('eval.live_model_energy'::regclass);
END $$;
DROP VIEW eval.live_model_energy;
DROP TABLE eval_kept.model_energy;
"""


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute(DOWN)
