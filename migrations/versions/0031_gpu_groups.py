"""Workers have groups of GPUs, models take several, and memory is known of each.

Revision ID: 0031
Revises: 0030
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0031_gpu_groups.sql")
COLUMNS = (
    ("model", "gpus"),
    ("worker", "gpu_indices"),
    ("worker", "gpu_uuids"),
    ("boot", "gpu_memory"),
    ("generation", "need_per_gpu_mib"),
    ("memory_trace", "peak_per_gpu_mib"),
)


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP VIEW analytics_v1.generation_gpus")
    for table, column in COLUMNS:
        op.drop_column(table, column, schema="eval")
