"""Later answers of throughput mode that begin sooner raise no suspicion of a cache.

Revision ID: 0040
Revises: 0039
"""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0040_cache_suspicion.sql")
#: What defines the changed view as the revision before has it.
BEFORE = SCRIPT.with_name("0019_analytics_v1.sql")
#: What it reads of ``generations``; all of its columns by now would tie it to later revisions.
READ = (
    "g.run_id, g.run, g.model, g.prompt, g.mode, g.config_hash, g.environment_hash, g.problem, "
    "g.cached_tokens, g.ttft_ms, g.used"
)


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    text = BEFORE.read_text(encoding="utf-8")
    view = "CREATE VIEW analytics_v1.cache_checks"
    defined = re.search(rf"{re.escape(view)} AS\n.*?;\n", text, re.DOTALL)
    said = re.search(r"COMMENT ON COLUMN analytics_v1\.cache_checks\.suspected IS .*\n", text)
    assert defined is not None
    assert said is not None
    body = defined[0].replace(view, "CREATE OR REPLACE VIEW eval.live_cache_checks", 1)
    op.execute(body.replace("SELECT g.*,", f"SELECT {READ},", 1))
    op.execute(said[0])
    op.execute("DELETE FROM eval.kept_run")
