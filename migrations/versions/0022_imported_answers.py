"""Answers made elsewhere stand beside our own, without times and with their origin.

A version before reads them as answers whose times are not reported.

Revision ID: 0022
Revises: 0021
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0022_imported_answers.sql")

#: What cannot be said in the schema before becomes what it said then.
DOWN = """
DROP VIEW analytics_v1.imported_answers;
DROP TABLE eval.imported_answer;
DROP TABLE eval.answer_file;
UPDATE eval.generation
   SET prompt_tokens = coalesce(prompt_tokens, 0), output_tokens = coalesce(output_tokens, 0),
       queue_wait_s = coalesce(queue_wait_s, 0), submitted_s = coalesce(submitted_s, 0)
 WHERE prompt_tokens IS NULL OR output_tokens IS NULL OR queue_wait_s IS NULL
    OR submitted_s IS NULL;
ALTER TABLE eval.generation
    ALTER COLUMN prompt_tokens SET NOT NULL,
    ALTER COLUMN output_tokens SET NOT NULL,
    ALTER COLUMN queue_wait_s SET NOT NULL,
    ALTER COLUMN submitted_s SET NOT NULL;
UPDATE eval.boot SET start_s = 0 WHERE start_s IS NULL;
UPDATE eval.boot SET kind = 'single' WHERE kind = 'imported';
ALTER TABLE eval.boot
    ALTER COLUMN start_s SET NOT NULL,
    DROP CONSTRAINT ck_boot_kind,
    ADD CONSTRAINT ck_boot_kind CHECK (kind IN ('profile', 'measured', 'single'));
COMMENT ON COLUMN analytics_v1.generations.untimed IS
    'Why some times are NULL: no_text, buffered (tokens came in too few pieces) or '
    'hidden_reasoning; NULL: all are reported.';
"""


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(DOWN)
