"""Keep the number of a run's jobs by state as they change; forget when a job was hinted.

``run_tally`` holds changes, not totals, so that workers never wait for each other's rows: a submit
adds one row, the end of a job another, and the reconciler folds what has gathered. Triggers write
them, since no counting must be forgotten.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATES = ("succeeded", "failed", "dead", "cancelled")
TALLY = ", ".join(f"count(*) FILTER (WHERE state = '{state}') AS {state}" for state in STATES)
CHANGE = ",\n           ".join(
    f"(NEW.state = '{state}')::int - (OLD.state = '{state}')::int" for state in STATES
)

FUNCTIONS = f"""
CREATE FUNCTION eval.tally_new_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO eval.run_tally (run_id, open, {", ".join(STATES)})
    SELECT run_id, count(*) FILTER (WHERE state IN ('queued', 'running')), {TALLY}
      FROM changed GROUP BY run_id;
    RETURN NULL;
END $$;

CREATE FUNCTION eval.tally_gone_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO eval.run_tally (run_id, open, {", ".join(STATES)})
    SELECT run_id, -open, {", ".join(f"-{state}" for state in STATES)}
      FROM (SELECT run_id, count(*) FILTER (WHERE state IN ('queued', 'running')) AS open, {TALLY}
              FROM changed GROUP BY run_id) AS gone;
    RETURN NULL;
END $$;

CREATE FUNCTION eval.tally_moved_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO eval.run_tally (run_id, open, {", ".join(STATES)})
    VALUES (NEW.run_id, (NEW.finished_at IS NULL)::int - (OLD.finished_at IS NULL)::int,
           {CHANGE});
    RETURN NULL;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER tally_new_jobs AFTER INSERT ON eval.job REFERENCING NEW TABLE AS changed
   FOR EACH STATEMENT EXECUTE FUNCTION eval.tally_new_jobs();
CREATE TRIGGER tally_gone_jobs AFTER DELETE ON eval.job REFERENCING OLD TABLE AS changed
   FOR EACH STATEMENT EXECUTE FUNCTION eval.tally_gone_jobs();
-- A claim and a renewal finish nothing and fire nothing.
CREATE TRIGGER tally_moved_job AFTER UPDATE ON eval.job FOR EACH ROW
  WHEN (OLD.state <> NEW.state AND (OLD.finished_at IS NOT NULL OR NEW.finished_at IS NOT NULL))
       EXECUTE FUNCTION eval.tally_moved_job();
"""

#: A table of millions is vacuumed after some ten thousand changes, not after a fifth of it.
STORAGE = """
ALTER TABLE eval.job SET (autovacuum_vacuum_scale_factor = 0.02,
                          autovacuum_vacuum_insert_scale_factor = 0.05,
                          autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE eval.outbox SET (autovacuum_vacuum_scale_factor = 0,
                             autovacuum_vacuum_threshold = 5000);
ALTER TABLE eval.run_tally SET (autovacuum_vacuum_scale_factor = 0,
                                autovacuum_vacuum_threshold = 5000);
"""

#: Partial indexes: what is queued or running, and so what a claim writes, has no entry in them.
INDEXES = {
    "ix_job_ended": "state IN ('succeeded', 'failed', 'dead')",
    "ix_job_failed": "state IN ('failed', 'dead')",
}


def upgrade() -> None:
    op.create_table(
        "run_tally",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("open", *STATES)),
        schema="eval",
    )
    op.create_index("ix_run_tally_run", "run_tally", ["run_id"], unique=False, schema="eval")
    op.execute(FUNCTIONS)
    # Making a trigger locks writers out until the end of the transaction: nothing is missed,
    # nothing counted twice.
    op.execute(TRIGGERS)
    op.execute(
        "INSERT INTO eval.run_tally SELECT run_id, count(*) FILTER (WHERE state IN "
        f"('queued', 'running')), {TALLY} "
        "FROM eval.job GROUP BY run_id"
    )
    op.drop_column("job", "hinted_at", schema="eval")
    op.execute(STORAGE)
    with op.get_context().autocommit_block():
        for name, condition in INDEXES.items():
            # What an interrupted build has left is invalid.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS eval.{name}")
            op.create_index(
                name,
                "job",
                ["run_id", "finished_at"],
                unique=False,
                schema="eval",
                postgresql_where=sa.text(condition),
                postgresql_concurrently=True,
            )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS eval.ix_job_run_state")


def downgrade() -> None:
    op.create_index("ix_job_run_state", "job", ["run_id", "state"], unique=False, schema="eval")
    for name in INDEXES:
        op.drop_index(name, table_name="job", schema="eval")
    op.execute(
        "ALTER TABLE eval.outbox RESET (autovacuum_vacuum_scale_factor, "
        "autovacuum_vacuum_threshold)"
    )
    op.execute(
        "ALTER TABLE eval.job RESET (autovacuum_vacuum_scale_factor, "
        "autovacuum_vacuum_insert_scale_factor, "
        "autovacuum_analyze_scale_factor)"
    )
    op.add_column(
        "job", sa.Column("hinted_at", sa.DateTime(timezone=True), nullable=True), schema="eval"
    )
    for name in ("tally_new_jobs", "tally_gone_jobs", "tally_moved_job"):
        op.execute(f"DROP TRIGGER {name} ON eval.job")
        op.execute(f"DROP FUNCTION eval.{name}()")
    op.drop_table("run_tally", schema="eval")
