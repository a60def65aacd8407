"""Judge the lengths of greedy answers only where an engine can repeat itself.

A server behind an API batches requests of others with ours and gives no promise: greedy answers
differ in length there by nature, and ``length_outlier`` left sound results out of times.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

#: Frozen with the revision before; its first statement makes the view.
VIEWS = Path(__file__).with_name("0019_analytics_v1.sql")
BEFORE = "WHEN coalesce((j.sampling ->> 'temperature')::double precision, 0) = 0\n"
AFTER = BEFORE.replace("WHEN ", "WHEN m.engine <> 'openai' AND ")

COMMENTS = Path(__file__).with_name("0020_comments.sql")


def view() -> str:
    """Return the statement that makes the view as the revision before has it."""
    first, _, _ = VIEWS.read_text(encoding="utf-8").partition(";\nCOMMENT")
    assert first.count(BEFORE) == 1
    return first[first.index("CREATE") :]


def upgrade() -> None:
    op.execute(view().replace(BEFORE, AFTER))
    op.execute(COMMENTS.read_text(encoding="utf-8"))


def downgrade() -> None:
    # The comment stays: what it says besides is true of both.
    op.execute(view())
