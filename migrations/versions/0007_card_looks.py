"""Keep each look at a card's pace beside the samples of its memory, and not only what came of them.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

#: Frozen with this revision.
VIEWS = Path(__file__).with_name("0007_analytics_v1.sql")
COLUMNS: tuple[tuple[str, Any], ...] = (
    ("look_at_s", postgresql.ARRAY(sa.Double())),
    ("look_sm_clock_mhz", postgresql.ARRAY(sa.Integer())),
    ("look_temperature_c", postgresql.ARRAY(sa.Integer())),
    ("look_power_w", postgresql.ARRAY(sa.Double())),
    ("look_reasons", postgresql.ARRAY(sa.BigInteger())),
    ("max_sm_clock_mhz", sa.BigInteger()),
)


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column("memory_trace", sa.Column(name, kind), schema="eval")
    op.execute(VIEWS.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP VIEW analytics_v1.card_looks")
    for name, _ in reversed(COLUMNS):
        op.drop_column("memory_trace", name, schema="eval")
