"""Odd lengths are read by their run: those of other runs are not read for it.

Revision ID: 0035
Revises: 0034
"""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

BY_JOB = "odd.job_id = g.job_id"
BY_RUN = f"{BY_JOB} AND odd.run_id = j.run_id"
CHANGE = """
DO $$ DECLARE body text := pg_get_viewdef('analytics_v1.generations'::regclass); BEGIN
    ASSERT strpos(body, '{before}') > 0;
    EXECUTE 'CREATE OR REPLACE VIEW analytics_v1.generations AS '
            || replace(body, '{before}', '{after}');
END $$;
"""


def upgrade() -> None:
    op.execute(CHANGE.format(before=BY_JOB, after=BY_RUN))


def downgrade() -> None:
    # Printed back, each condition has brackets.
    op.execute(CHANGE.format(before=f"({BY_JOB}) AND (odd.run_id = j.run_id)", after=f"({BY_JOB})"))
