"""Runs may be pipelines: the commit of a draft queues its verification, whose marks are stored.

A worker of the version before commits a draft of a pipeline without queueing its verification, and
refuses a verification that it claims: update all workers before the first pipeline.

Revision ID: 0029
Revises: 0028
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0029_pipelines.sql")
#: Verifications have no place in the schema before: they are deleted.
DOWN = """
DROP VIEW analytics_v1.verified_steps;
DROP VIEW analytics_v1.verifications;
DROP TABLE eval.verified_step;
DROP TABLE eval.verification;
DROP TABLE eval.pipeline;
CREATE TEMPORARY TABLE verify_job ON COMMIT DROP AS
SELECT id FROM eval.job WHERE judged_score_id IS NOT NULL AND prompt = 'verify';
DELETE FROM eval.outbox WHERE job_id IN (SELECT id FROM verify_job);
DELETE FROM eval.memory_trace WHERE job_id IN (SELECT id FROM verify_job);
DELETE FROM eval.generation WHERE job_id IN (SELECT id FROM verify_job);
DELETE FROM eval.attempt WHERE job_id IN (SELECT id FROM verify_job);
DELETE FROM eval.job WHERE id IN (SELECT id FROM verify_job);
COMMENT ON COLUMN analytics_v1.jobs.prompt IS
'Prompt style: plain or stepwise; of a probe its kind: sequences, instances or context; '
'judge for a request to a judge.';
COMMENT ON COLUMN analytics_v1.jobs.repetition IS
'1, 2, ...; each has its own seed, the same for all models.';
COMMENT ON COLUMN analytics_v1.jobs.judged_score_id IS
'The scoring that the job asks a judge about; NULL for any other job.';
"""


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute(DOWN)
