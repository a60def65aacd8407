"""Results of finished runs are kept, so that views over all runs read instead of compute.

A worker of the version before may still run meanwhile: triggers forget what it changes. A
reconciler of the version before keeps nothing, and everything is computed as before.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0024_kept_results.sql")

#: Every kept view computes again, then what kept it goes.
DOWN = """
DO $$ DECLARE one text; BEGIN
    FOR one IN SELECT relname FROM pg_class
                WHERE relnamespace = 'eval_kept'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('CREATE OR REPLACE VIEW analytics_v1.%I AS %s', one,
                       pg_get_viewdef(format('eval.%I', 'live_' || one)::regclass));
        EXECUTE format('DROP VIEW eval.%I', 'live_' || one);
    END LOOP;
END $$;
DROP TRIGGER forget_kept_new ON eval.job;
DROP TRIGGER forget_kept_gone ON eval.job;
DROP TRIGGER forget_kept_reopened ON eval.job;
DROP TRIGGER forget_kept_scored ON eval.score;
DROP TRIGGER forget_kept_changed ON eval.generation;
DROP FUNCTION eval.forget_runs_of_jobs, eval.forget_run_of_job, eval.forget_run_of_result,
              eval.forget_run, eval.keep_run, eval.keep_view;
DROP SCHEMA eval_kept CASCADE;
DROP TABLE eval.kept_run;
"""


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute(DOWN)
