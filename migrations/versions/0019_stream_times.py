"""Answers say which of their times are reported, what was hidden or cached, and who answered.

A worker of the version before may still run meanwhile: it fills none of the new columns, and its
rows read as before.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

#: Frozen with this revision.
VIEWS = Path(__file__).with_name("0019_analytics_v1.sql")
OLD_VIEWS = tuple(
    Path(__file__).with_name(name)
    for name in (
        *(f"{number}_analytics_v1.sql" for number in ("0001", "0003", "0005", "0006", "0007")),
        "0008_comments.sql",
        "0009_analytics_v1.sql",
        "0015_analytics_v1.sql",
        "0017_analytics_v1.sql",
    )
)
#: Its table stays; its view comes last.
COMPARISONS = Path(__file__).with_name("0016_comparisons.sql")

UP = """
ALTER TABLE eval.generation
    ALTER COLUMN cached_tokens DROP NOT NULL,
    ALTER COLUMN first_token_s DROP NOT NULL,
    ALTER COLUMN last_token_s DROP NOT NULL,
    ADD COLUMN reasoning_tokens bigint,
    ADD COLUMN hidden_tokens bigint,
    ADD COLUMN untimed text,
    ADD COLUMN served_model text;
"""
#: What cannot be said in the schema before becomes what it said then.
DOWN = """
UPDATE eval.generation
   SET cached_tokens = coalesce(cached_tokens, 0),
       first_token_s = coalesce(first_token_s, submitted_s),
       last_token_s = coalesce(last_token_s, submitted_s)
 WHERE cached_tokens IS NULL OR first_token_s IS NULL OR last_token_s IS NULL;
ALTER TABLE eval.generation
    ALTER COLUMN cached_tokens SET NOT NULL,
    ALTER COLUMN first_token_s SET NOT NULL,
    ALTER COLUMN last_token_s SET NOT NULL,
    DROP COLUMN reasoning_tokens, DROP COLUMN hidden_tokens, DROP COLUMN untimed,
    DROP COLUMN served_model;
"""
#: These views stand in schema eval and go with analytics_v1, on which they were made.
STANDING = """
DROP VIEW IF EXISTS eval.merged_score, eval.merged_step, eval.visible_judgement CASCADE;
"""


def upgrade() -> None:
    op.execute(UP)
    op.execute(VIEWS.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("SET LOCAL statement_timeout = 0")
    # A view gives no column back: all are made again as they were.
    op.execute("DROP SCHEMA analytics_v1 CASCADE")
    op.execute(STANDING)
    op.execute(DOWN)
    for views in OLD_VIEWS:
        op.execute(views.read_text(encoding="utf-8"))
    comparisons = COMPARISONS.read_text(encoding="utf-8")
    op.execute(comparisons[comparisons.index("CREATE VIEW") :])
