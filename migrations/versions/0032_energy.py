"""Energy of answers, and the power of idle engines.

Revision ID: 0032
Revises: 0031
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0032_energy.sql")


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP VIEW analytics_v1.model_energy, analytics_v1.answer_energy")
    op.execute("DROP INDEX eval.ix_generation_energy")
    op.execute("ALTER TABLE eval.generation DROP CONSTRAINT ck_generation_energy")
    for column in ("energy_begin_j", "energy_end_j", "energy_method"):
        op.drop_column("generation", column, schema="eval")
    for column in ("idle_power_w", "idle_power_method"):
        op.drop_column("boot", column, schema="eval")
