"""Let runs be paused and jobs be put back: held jobs, the attempt a job was last retried after.

The claim's index is replaced by one without held jobs. It is built beside the old one, so that
workers claim on.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = ["model_id", "priority", "id"]


def upgrade() -> None:
    op.add_column(
        "run", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True), schema="eval"
    )
    # Constant defaults: no row is rewritten.
    op.add_column(
        "job",
        sa.Column("held", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="eval",
    )
    op.add_column(
        "job",
        sa.Column("retried_after", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        schema="eval",
    )
    with op.get_context().autocommit_block():
        # What an interrupted build has left is invalid.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS eval.ix_job_claimable")
        op.create_index(
            "ix_job_claimable",
            "job",
            COLUMNS,
            unique=False,
            schema="eval",
            postgresql_where=sa.text("state = 'queued' AND NOT held"),
            postgresql_concurrently=True,
        )
        op.execute("DROP INDEX CONCURRENTLY eval.ix_job_queued")


def downgrade() -> None:
    op.drop_index("ix_job_claimable", table_name="job", schema="eval")
    op.create_index(
        "ix_job_queued",
        "job",
        COLUMNS,
        unique=False,
        schema="eval",
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.drop_column("job", "retried_after", schema="eval")
    op.drop_column("job", "held", schema="eval")
    op.drop_column("run", "paused_at", schema="eval")
