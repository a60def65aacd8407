"""Runs have tags, and can be deleted.

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0028_run_changes.sql")
INDEXES = (
    "ix_generation_output_text",
    "ix_generation_prompt_text",
    "ix_judgement_reply_text",
    "ix_start_log_text",
    "ix_job_judged_score",
    "ix_outbox_job",
)


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP FUNCTION eval.delete_kept_rows(uuid)")
    for name in INDEXES:
        op.execute(f"DROP INDEX eval.{name}")
    op.drop_column("run", "tags", schema="eval")
