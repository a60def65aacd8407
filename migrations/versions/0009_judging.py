"""Scores say what they do not know; judgements and reviews stand beside them; jobs ask a judge.

A worker of the version before may still run meanwhile. Its scores have no interval, which views
read as its score alone; a judge job that it claims fails there and is tried again.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

#: Frozen with this revision.
TABLES = Path(__file__).with_name("0009_judging.sql")
VIEWS = Path(__file__).with_name("0009_analytics_v1.sql")
OLD_VIEWS = tuple(
    Path(__file__).with_name(name)
    for name in (
        *(f"{number}_analytics_v1.sql" for number in ("0001", "0003", "0005", "0006", "0007")),
        "0008_comments.sql",
    )
)

# Scores of millions of results take longer than a statement may.
NO_TIMEOUT = "SET LOCAL statement_timeout = 0"
#: What judges were asked and said has no place in the schema before: it is deleted.
DOWN = """
DROP VIEW eval.merged_score;
DROP VIEW eval.merged_step;
DROP VIEW eval.visible_judgement;
DROP TABLE eval.review;
DROP FUNCTION eval.refuse_change();
DROP TABLE eval.judged_step;
DROP TABLE eval.judgement;
CREATE TEMPORARY TABLE judge_job ON COMMIT DROP AS
SELECT id FROM eval.job WHERE judged_score_id IS NOT NULL;
DELETE FROM eval.outbox WHERE job_id IN (SELECT id FROM judge_job);
DELETE FROM eval.memory_trace WHERE job_id IN (SELECT id FROM judge_job);
DELETE FROM eval.generation WHERE job_id IN (SELECT id FROM judge_job);
DELETE FROM eval.attempt WHERE job_id IN (SELECT id FROM judge_job);
DELETE FROM eval.job WHERE id IN (SELECT id FROM judge_job);
DROP INDEX eval.uq_job_judged;
ALTER TABLE eval.job
    DROP CONSTRAINT ck_job_judged,
    DROP COLUMN judged_score_id, DROP COLUMN judge_steps, DROP COLUMN judge_prompt_hash;
UPDATE eval.step_verdict SET verdict = 'unclear' WHERE verdict = 'undetermined';
ALTER TABLE eval.step_verdict
    DROP CONSTRAINT ck_step_verdict_verdict,
    ADD CONSTRAINT ck_step_verdict_verdict CHECK (
        verdict IN ('done', 'present_invalid', 'wrong', 'missing', 'unclear'));
ALTER TABLE eval.score
    DROP COLUMN score7_high, DROP COLUMN steps_undetermined, DROP COLUMN coverage;
"""


def upgrade() -> None:
    op.execute(NO_TIMEOUT)
    for script in (TABLES, VIEWS):
        op.execute(script.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute(NO_TIMEOUT)
    # A view gives no column back: all are made again as they were. What stands on them in schema
    # eval goes with them.
    op.execute("DROP SCHEMA analytics_v1 CASCADE")
    op.execute(DOWN)
    for views in OLD_VIEWS:
        op.execute(views.read_text(encoding="utf-8"))
