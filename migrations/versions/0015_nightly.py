"""Nights are compared with a baseline; alerts about them wait to be sent.

A reconciler of the version before leaves nights alone; those that pass meanwhile are found by the
next one.

Revision ID: 0015
Revises: 0009
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0015"
down_revision = "0009"
branch_labels = None
depends_on = None

#: Frozen with this revision.
TABLES = Path(__file__).with_name("0015_nightly.sql")
VIEWS = Path(__file__).with_name("0015_analytics_v1.sql")

DOWN = """
DROP VIEW analytics_v1.nightly_comparison;
DROP VIEW analytics_v1.nights;
DROP VIEW analytics_v1.baselines;
DROP TABLE eval.alert;
DROP TABLE eval.night_metric;
DROP TABLE eval.night;
DROP TABLE eval.nightly;
DROP TABLE eval.baseline_metric;
DROP TABLE eval.baseline;
"""


def upgrade() -> None:
    for script in (TABLES, VIEWS):
        op.execute(script.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute(DOWN)
