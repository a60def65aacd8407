"""Keep the words of prompts: a style is data, and each job names the version it was asked in.

Jobs from before have none; their words are among the texts of their generations.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

DOWN = """
DROP VIEW analytics_v1.run_prompts;
ALTER TABLE eval.job DROP COLUMN prompt_template_id;
DROP TABLE eval.prompt_template;
"""


def upgrade() -> None:
    # The jobs of millions are read once.
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(DOWN)
