"""Add the kind of engine starts, more columns of generations, and probes as jobs.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: Frozen with this revision.
VIEWS = Path(__file__).with_name("0005_analytics_v1.sql")
OLD_VIEWS = tuple(
    Path(__file__).with_name(f"{number}_analytics_v1.sql") for number in ("0001", "0003")
)

JSONB = postgresql.JSONB(astext_type=sa.Text())
BOOT_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("profile_boot_id", sa.BigInteger()),
    ("profile_key", sa.Text()),
    ("kv_blocks", sa.BigInteger()),
    ("kv_block_bytes", sa.Double()),
    ("device_total_mib", sa.Double()),
    ("device_base_mib", sa.Double()),
    ("log_text_hash", sa.Text()),
)
GENERATION_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("first_answer_s", sa.Double()),
    ("running_peak", sa.BigInteger()),
    ("activation_run_mib", sa.Double()),
    ("sm_clock_mhz", sa.Double()),
    ("temperature_c", sa.Double()),
    ("power_w", sa.Double()),
    ("clock_event_reasons", sa.BigInteger()),
)


def upgrade() -> None:
    op.add_column("job", sa.Column("probe", JSONB), schema="eval")
    op.add_column("job", sa.Column("boot_group", sa.BigInteger()), schema="eval")
    op.alter_column("job", "problem_id", nullable=True, schema="eval")
    op.create_check_constraint(
        op.f("ck_job_problem_or_probe"),
        "job",
        "(problem_id IS NULL) = (probe IS NOT NULL)",
        schema="eval",
    )
    op.create_index(
        "uq_job_probe",
        "job",
        ["run_id", "model_id", "prompt", "repetition"],
        unique=True,
        schema="eval",
        postgresql_where=sa.text("problem_id IS NULL"),
    )
    # Constant defaults: no row is rewritten.
    op.add_column(
        "boot",
        sa.Column("kind", sa.Text(), server_default=sa.text("'single'"), nullable=False),
        schema="eval",
    )
    for name in ("memory_details_mib", "warm_up"):
        op.add_column(
            "boot",
            sa.Column(name, JSONB, server_default=sa.text("'{}'::jsonb"), nullable=False),
            schema="eval",
        )
    for name, kind in BOOT_COLUMNS:
        op.add_column("boot", sa.Column(name, kind), schema="eval")
    op.create_check_constraint(
        op.f("ck_boot_kind"), "boot", "kind IN ('profile', 'measured', 'single')", schema="eval"
    )
    for name, target, referred in (
        ("profile_boot_id", "boot", "id"),
        ("log_text_hash", "text_blob", "hash"),
    ):
        op.create_foreign_key(
            op.f(f"fk_boot_{name}"),
            "boot",
            target,
            [name],
            [referred],
            source_schema="eval",
            referent_schema="eval",
        )
    op.create_index(
        "ix_boot_profile",
        "boot",
        ["profile_key"],
        unique=False,
        schema="eval",
        postgresql_where=sa.text("kind = 'profile'"),
    )
    for name, kind in GENERATION_COLUMNS:
        op.add_column("generation", sa.Column(name, kind), schema="eval")
    _create_probe_point()
    op.execute(VIEWS.read_text(encoding="utf-8"))


def downgrade() -> None:
    # A view gives no column back: all are made again as they were.
    op.execute("DROP SCHEMA analytics_v1 CASCADE")
    for views in OLD_VIEWS:
        op.execute(views.read_text(encoding="utf-8"))
    op.drop_table("probe_point", schema="eval")
    for name, _kind in GENERATION_COLUMNS:
        op.drop_column("generation", name, schema="eval")
    op.drop_index("ix_boot_profile", table_name="boot", schema="eval")
    op.drop_constraint(op.f("ck_boot_kind"), "boot", schema="eval", type_="check")
    for name in ("kind", "memory_details_mib", "warm_up", *(name for name, _kind in BOOT_COLUMNS)):
        op.drop_column("boot", name, schema="eval")
    # A probe has no place in the schema before it.
    op.execute(
        "DELETE FROM eval.outbox USING eval.job AS j WHERE outbox.job_id = j.id AND "
        "j.problem_id IS NULL;"
        "DELETE FROM eval.attempt USING eval.job AS j WHERE attempt.job_id = j.id AND "
        "j.problem_id IS NULL;"
        "DELETE FROM eval.job WHERE problem_id IS NULL"
    )
    op.drop_index("uq_job_probe", table_name="job", schema="eval")
    op.drop_constraint(op.f("ck_job_problem_or_probe"), "job", schema="eval", type_="check")
    op.alter_column("job", "problem_id", nullable=False, schema="eval")
    op.drop_column("job", "boot_group", schema="eval")
    op.drop_column("job", "probe", schema="eval")


def _create_probe_point() -> None:
    numbers: tuple[tuple[str, Any], ...] = (
        *(("preemptions", sa.BigInteger()), ("waiting_steps", sa.BigInteger())),
        *(
            (name, sa.Double())
            for name in ("ttft_p50_ms", "ttft_p95_ms", "e2e_p50_s", "e2e_p95_s", "tokens_per_s")
        ),
        ("memory_kind", sa.Text()),
        *(
            (name, sa.Double())
            for name in ("need_mib", "kv_used_mib", "base_mib", "peak_mib", "after_mib")
        ),
        ("answer_right", sa.Boolean()),
    )
    op.create_table(
        "probe_point",
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("attempt_no", sa.BigInteger(), nullable=False),
        sa.Column("boot_id", sa.BigInteger(), nullable=True),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("trial", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=True),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger(), nullable=False),
        *(sa.Column(name, kind, nullable=True) for name, kind in numbers),
        sa.Column("details", JSONB, server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "outcome IN ('stable', 'unstable', 'failed')", name=op.f("ck_probe_point_outcome")
        ),
        sa.CheckConstraint(
            "(outcome = 'stable') = (reason IS NULL)", name=op.f("ck_probe_point_reason")
        ),
        sa.ForeignKeyConstraint(["boot_id"], ["eval.boot.id"], name=op.f("fk_probe_point_boot_id")),
        sa.ForeignKeyConstraint(["job_id"], ["eval.job.id"], name=op.f("fk_probe_point_job_id")),
        sa.PrimaryKeyConstraint("job_id", "ordinal", name=op.f("pk_probe_point")),
        schema="eval",
    )
