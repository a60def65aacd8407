"""Create the tables of schema eval and the views of analytics_v1.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: Frozen with this revision: later changes to the views come in files of their own.
VIEWS = Path(__file__).with_name("0001_analytics_v1.sql")


def upgrade() -> None:
    op.create_table(
        "model",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("spec_hash", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("price_per_gpu_hour", sa.Double(), nullable=True),
        sa.Column(
            "spec",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model")),
        sa.UniqueConstraint("name", "spec_hash", name=op.f("uq_model_name_spec_hash")),
        schema="eval",
    )
    op.create_table(
        "problem",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column(
            "document",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "category IN ('secondary', 'university', 'modelling')", name=op.f("ck_problem_category")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problem")),
        sa.UniqueConstraint("name", "content_hash", name=op.f("uq_problem_name_content_hash")),
        schema="eval",
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("experiment_hash", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column(
            "experiment",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "provenance",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint(
            "experiment_hash", "ordinal", name=op.f("uq_run_experiment_hash_ordinal")
        ),
        sa.UniqueConstraint("name", name=op.f("uq_run_name")),
        schema="eval",
    )
    op.create_table(
        "text_blob",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_text_blob")),
        schema="eval",
    )
    op.create_table(
        "worker",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("gpu_index", sa.BigInteger(), nullable=True),
        sa.Column("gpu_uuid", sa.Text(), nullable=True),
        sa.Column("gpu_name", sa.Text(), nullable=True),
        sa.Column("queues", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "last_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('starting', 'idle', 'loading', 'busy', 'stopped', 'lost')",
            name=op.f("ck_worker_state"),
        ),
        sa.ForeignKeyConstraint(["model_id"], ["eval.model.id"], name=op.f("fk_worker_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
        schema="eval",
    )
    op.create_table(
        "boot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("engine_version", sa.Text(), nullable=False),
        sa.Column("config_hash", sa.Text(), nullable=False),
        sa.Column("environment_hash", sa.Text(), nullable=False),
        sa.Column(
            "config",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "environment",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "backend_facts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("memory_kind", sa.Text(), nullable=True),
        sa.Column("context_mib", sa.Double(), nullable=True),
        sa.Column("weights_mib", sa.Double(), nullable=True),
        sa.Column("buffers_mib", sa.Double(), nullable=True),
        sa.Column("activation_peak_mib", sa.Double(), nullable=True),
        sa.Column("graphs_mib", sa.Double(), nullable=True),
        sa.Column("kv_reserved_mib", sa.Double(), nullable=True),
        sa.Column(
            "memory_reasons",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("log_path", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["model_id"], ["eval.model.id"], name=op.f("fk_boot_model_id")),
        sa.ForeignKeyConstraint(["worker_id"], ["eval.worker.id"], name=op.f("fk_boot_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boot")),
        schema="eval",
    )
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("problem_id", sa.BigInteger(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("repetition", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column(
            "sampling",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("priority", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'queued'"), nullable=False),
        sa.Column("attempt_no", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("max_attempts", sa.BigInteger(), server_default=sa.text("3"), nullable=False),
        sa.Column(
            "available_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("hinted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure_kind", sa.Text(), nullable=True),
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'running') = (lease_expires_at IS NOT NULL)",
            name=op.f("ck_job_running_has_lease"),
        ),
        sa.CheckConstraint(
            "(state IN ('cancelled', 'dead', 'failed', 'succeeded')) = (finished_at IS NOT NULL)",
            name=op.f("ck_job_terminal_has_finish"),
        ),
        sa.CheckConstraint(
            "failure_kind IN ('infra', 'poison', 'rejected', 'out_of_memory', 'timed_out')",
            name=op.f("ck_job_failure_kind"),
        ),
        sa.CheckConstraint("mode IN ('latency', 'throughput')", name=op.f("ck_job_mode")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'failed', 'dead', 'cancelled')",
            name=op.f("ck_job_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('failed', 'dead') OR failure_kind IS NOT NULL",
            name=op.f("ck_job_failure_has_kind"),
        ),
        sa.CheckConstraint(
            "attempt_no >= 0 AND attempt_no <= max_attempts", name=op.f("ck_job_attempts_bounded")
        ),
        sa.ForeignKeyConstraint(["model_id"], ["eval.model.id"], name=op.f("fk_job_model_id")),
        sa.ForeignKeyConstraint(
            ["problem_id"], ["eval.problem.id"], name=op.f("fk_job_problem_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["eval.run.id"], name=op.f("fk_job_run_id")),
        sa.ForeignKeyConstraint(["worker_id"], ["eval.worker.id"], name=op.f("fk_job_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint(
            "run_id",
            "model_id",
            "problem_id",
            "prompt",
            "repetition",
            name=op.f("uq_job_run_id_model_id_problem_id_prompt_repetition"),
        ),
        schema="eval",
    )
    op.create_index(
        "ix_job_lease",
        "job",
        ["lease_expires_at"],
        unique=False,
        schema="eval",
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index(
        "ix_job_queued",
        "job",
        ["model_id", "priority", "id"],
        unique=False,
        schema="eval",
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index("ix_job_run_state", "job", ["run_id", "state"], unique=False, schema="eval")
    op.create_table(
        "attempt",
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt_no", sa.BigInteger(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("boot_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default=sa.text("'running'"), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure_kind", sa.Text(), nullable=True),
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(outcome = 'running') = (ended_at IS NULL)", name=op.f("ck_attempt_ended")
        ),
        sa.CheckConstraint(
            "failure_kind IN ('infra', 'poison', 'rejected', 'out_of_memory', 'timed_out')",
            name=op.f("ck_attempt_failure_kind"),
        ),
        sa.CheckConstraint(
            "outcome IN ('running', 'succeeded', 'failed', 'lost', 'cancelled')",
            name=op.f("ck_attempt_outcome"),
        ),
        sa.ForeignKeyConstraint(["boot_id"], ["eval.boot.id"], name=op.f("fk_attempt_boot_id")),
        sa.ForeignKeyConstraint(["job_id"], ["eval.job.id"], name=op.f("fk_attempt_job_id")),
        sa.ForeignKeyConstraint(
            ["worker_id"], ["eval.worker.id"], name=op.f("fk_attempt_worker_id")
        ),
        sa.PrimaryKeyConstraint("job_id", "attempt_no", name=op.f("pk_attempt")),
        schema="eval",
    )
    op.create_index("ix_attempt_worker", "attempt", ["worker_id"], unique=False, schema="eval")
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column(
            "available_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["job_id"], ["eval.job.id"], name=op.f("fk_outbox_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        schema="eval",
    )
    op.create_index(
        "ix_outbox_available", "outbox", ["available_at", "id"], unique=False, schema="eval"
    )
    op.create_table(
        "generation",
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt_no", sa.BigInteger(), nullable=False),
        sa.Column("boot_id", sa.BigInteger(), nullable=False),
        sa.Column("prompt_hash", sa.Text(), nullable=False),
        sa.Column("prompt_text_hash", sa.Text(), nullable=True),
        sa.Column("output_hash", sa.Text(), nullable=False),
        sa.Column("output_text_hash", sa.Text(), nullable=False),
        sa.Column("sampling_hash", sa.Text(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("finish_reason", sa.Text(), nullable=False),
        sa.Column("queue_wait_s", sa.Double(), nullable=False),
        sa.Column("submitted_s", sa.Double(), nullable=False),
        sa.Column("first_token_s", sa.Double(), nullable=False),
        sa.Column("last_token_s", sa.Double(), nullable=False),
        sa.Column("engine_queued_s", sa.Double(), nullable=True),
        sa.Column("engine_scheduled_s", sa.Double(), nullable=True),
        sa.Column("engine_first_token_s", sa.Double(), nullable=True),
        sa.Column("engine_last_token_s", sa.Double(), nullable=True),
        sa.Column("preemptions", sa.BigInteger(), nullable=True),
        sa.Column("memory_kind", sa.Text(), nullable=True),
        sa.Column("kv_used_mib", sa.Double(), nullable=True),
        sa.Column("need_mib", sa.Double(), nullable=True),
        sa.Column(
            "flags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "memory_kind IN ('device', 'host')", name=op.f("ck_generation_memory_kind")
        ),
        sa.CheckConstraint(
            "first_token_s >= submitted_s AND last_token_s >= first_token_s",
            name=op.f("ck_generation_stamps_ordered"),
        ),
        sa.ForeignKeyConstraint(["boot_id"], ["eval.boot.id"], name=op.f("fk_generation_boot_id")),
        sa.ForeignKeyConstraint(
            ["job_id", "attempt_no"],
            ["eval.attempt.job_id", "eval.attempt.attempt_no"],
            name=op.f("fk_generation_job_id_attempt_no"),
        ),
        sa.ForeignKeyConstraint(
            ["output_text_hash"],
            ["eval.text_blob.hash"],
            name=op.f("fk_generation_output_text_hash"),
        ),
        sa.ForeignKeyConstraint(
            ["prompt_text_hash"],
            ["eval.text_blob.hash"],
            name=op.f("fk_generation_prompt_text_hash"),
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_generation")),
        schema="eval",
    )
    op.create_table(
        "memory_trace",
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("started_s", sa.Double(), nullable=False),
        sa.Column("period_ms", sa.Double(), nullable=False),
        sa.Column("used_mib", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("peak_mib", sa.BigInteger(), nullable=False),
        sa.Column("mean_mib", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["eval.generation.job_id"], name=op.f("fk_memory_trace_job_id")
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_memory_trace")),
        schema="eval",
    )
    op.create_table(
        "score",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("scorer_version", sa.Text(), nullable=False),
        sa.Column("path_id", sa.Text(), nullable=True),
        sa.Column("steps_done", sa.BigInteger(), nullable=False),
        sa.Column("steps_total", sa.BigInteger(), nullable=False),
        sa.Column("score7", sa.Double(), nullable=False),
        sa.Column("answer_correct", sa.Boolean(), nullable=True),
        sa.Column("answer_text", sa.Text(), nullable=True),
        sa.Column("guess_suspected", sa.Boolean(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("score7 >= 0 AND score7 <= 7", name=op.f("ck_score_score7")),
        sa.CheckConstraint(
            "steps_done >= 0 AND steps_done <= steps_total", name=op.f("ck_score_steps")
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["eval.generation.job_id"], name=op.f("fk_score_job_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score")),
        schema="eval",
    )
    op.create_index("ix_score_job", "score", ["job_id", "id"], unique=False, schema="eval")
    op.create_table(
        "step_verdict",
        sa.Column("score_id", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("evidence_start", sa.BigInteger(), nullable=True),
        sa.Column("evidence_end", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "verdict IN ('done', 'present_invalid', 'wrong', 'missing', 'unclear')",
            name=op.f("ck_step_verdict_verdict"),
        ),
        sa.ForeignKeyConstraint(
            ["score_id"], ["eval.score.id"], name=op.f("fk_step_verdict_score_id")
        ),
        sa.PrimaryKeyConstraint("score_id", "ordinal", name=op.f("pk_step_verdict")),
        schema="eval",
    )
    op.execute(VIEWS.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP SCHEMA analytics_v1 CASCADE")
    op.drop_table("step_verdict", schema="eval")
    op.drop_index("ix_score_job", table_name="score", schema="eval")
    op.drop_table("score", schema="eval")
    op.drop_table("memory_trace", schema="eval")
    op.drop_table("generation", schema="eval")
    op.drop_index("ix_outbox_available", table_name="outbox", schema="eval")
    op.drop_table("outbox", schema="eval")
    op.drop_index("ix_attempt_worker", table_name="attempt", schema="eval")
    op.drop_table("attempt", schema="eval")
    op.drop_index("ix_job_run_state", table_name="job", schema="eval")
    op.drop_index(
        "ix_job_queued",
        table_name="job",
        schema="eval",
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.drop_index(
        "ix_job_lease",
        table_name="job",
        schema="eval",
        postgresql_where=sa.text("state = 'running'"),
    )
    op.drop_table("job", schema="eval")
    op.drop_table("boot", schema="eval")
    op.drop_table("worker", schema="eval")
    op.drop_table("text_blob", schema="eval")
    op.drop_table("run", schema="eval")
    op.drop_table("problem", schema="eval")
    op.drop_table("model", schema="eval")
