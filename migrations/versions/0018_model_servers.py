"""Hold the model of a server that is away, limits or fails; pace requests to it.

A worker of the version before may still run meanwhile. It holds no model, and sends requests
beside the limits.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE eval.model_server (
    base_url text NOT NULL,
    source text NOT NULL,
    failures bigint NOT NULL DEFAULT 0,
    failing_since timestamptz,
    held_at timestamptz,
    held_until timestamptz,
    error_class text,
    error_message text,
    trying_job_id bigint,
    trying_attempt_no bigint,
    last_success_at timestamptz,
    next_request_at timestamptz,
    next_tokens_at timestamptz,
    CONSTRAINT pk_model_server PRIMARY KEY (base_url, source),
    CONSTRAINT ck_model_server_failing_is_held
        CHECK ((failures > 0) = (held_until IS NOT NULL))
);
ALTER TABLE eval.attempt ADD COLUMN sent_at timestamptz, ADD COLUMN sent_tokens bigint;
ALTER TABLE eval.attempt DROP CONSTRAINT ck_attempt_outcome,
    ADD CONSTRAINT ck_attempt_outcome CHECK (
        outcome IN ('running', 'succeeded', 'failed', 'handed_back', 'lost', 'cancelled'))
        NOT VALID;
ALTER TABLE eval.attempt VALIDATE CONSTRAINT ck_attempt_outcome;
COMMENT ON COLUMN analytics_v1.attempts.outcome IS 'running, succeeded, failed, handed_back (at no
cost: the server of its model was away or limited), lost (its lease expired) or cancelled.';
"""
#: What was handed back has no word before: it counts as a failure there.
DOWN = """
UPDATE eval.attempt SET outcome = 'failed' WHERE outcome = 'handed_back';
ALTER TABLE eval.attempt DROP CONSTRAINT ck_attempt_outcome,
    ADD CONSTRAINT ck_attempt_outcome CHECK (
        outcome IN ('running', 'succeeded', 'failed', 'lost', 'cancelled'));
ALTER TABLE eval.attempt DROP COLUMN sent_at, DROP COLUMN sent_tokens;
DROP TABLE eval.model_server;
COMMENT ON COLUMN analytics_v1.attempts.outcome IS
    'running, succeeded, failed, lost (its lease expired) or cancelled.';
"""


def upgrade() -> None:
    # The attempts of millions of jobs are read once.
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(UP)


def downgrade() -> None:
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(DOWN)
