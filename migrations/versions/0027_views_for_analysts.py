"""Views of problems, steps and models, and what analysts missed at the end of eight others.

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

#: Frozen with this revision.
SCRIPT = Path(__file__).with_name("0027_views_for_analysts.sql")
NEW = ("problems", "steps", "models")
#: The file that defines each changed view as the revision before has it.
BEFORE = {
    "runs": "0003_analytics_v1.sql",
    "jobs": "0017_analytics_v1.sql",
    "attempts": "0001_analytics_v1.sql",
    "generations": "0019_analytics_v1.sql",
    "scores": "0026_scores_by_job.sql",
    "step_verdicts": "0001_analytics_v1.sql",
    "memory_samples": "0001_analytics_v1.sql",
    "card_looks": "0007_analytics_v1.sql",
}
#: 0020 changed this line of the view ``generations`` and no other.
JUDGED = "WHEN coalesce((j.sampling ->> 'temperature')::double precision, 0) = 0\n"
JUDGED_SINCE = JUDGED.replace("WHEN ", "WHEN m.engine <> 'openai' AND ")

#: Every view with its definition and comments, and how many views stand below it at most.
STANDING = """
CREATE TEMPORARY TABLE standing AS
WITH RECURSIVE views AS (
    SELECT c.oid, n.nspname AS room, c.relname AS name, pg_get_viewdef(c.oid) AS body
      FROM pg_class AS c
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind = 'v' AND n.nspname IN ('eval', 'analytics_v1')
), reads AS (
    SELECT DISTINCT r.ev_class AS reader, d.refobjid AS read
      FROM pg_rewrite AS r
      JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                         AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
      JOIN views AS v ON v.oid = d.refobjid
), depths AS (
    SELECT oid, 0 AS depth FROM views
     UNION
    SELECT r.reader, d.depth + 1 FROM depths AS d JOIN reads AS r ON r.read = d.oid
)
SELECT v.room, v.name, v.body, max(d.depth) AS depth, ARRAY(
           SELECT format('COMMENT ON VIEW %I.%I IS %L', v.room, v.name, c.description)
             FROM pg_description AS c
            WHERE c.classoid = 'pg_class'::regclass AND c.objoid = v.oid AND c.objsubid = 0
       ) AS said, (
           SELECT jsonb_object_agg(a.attname, c.description)
             FROM pg_description AS c
             JOIN pg_attribute AS a ON a.attrelid = c.objoid AND a.attnum = c.objsubid
            WHERE c.classoid = 'pg_class'::regclass AND c.objoid = v.oid AND c.objsubid > 0
       ) AS columns
  FROM views AS v
  JOIN depths AS d ON d.oid = v.oid
 GROUP BY v.oid, v.room, v.name, v.body;
"""
CHANGE = "UPDATE standing SET body = :body WHERE room = 'analytics_v1' AND name = :name"
AGAIN = """
DO $$ DECLARE one record; said text; column_name text; BEGIN
    FOR one IN SELECT room, name FROM standing ORDER BY depth LOOP
        EXECUTE format('DROP VIEW IF EXISTS %I.%I CASCADE', one.room, one.name);
    END LOOP;
    DELETE FROM standing WHERE body IS NULL;
    FOR one IN SELECT * FROM standing ORDER BY depth, name LOOP
        EXECUTE format('CREATE VIEW %I.%I AS %s', one.room, one.name, one.body);
        FOREACH said IN ARRAY one.said LOOP
            EXECUTE said;
        END LOOP;
        FOR column_name, said IN
            SELECT a.attname, one.columns ->> a.attname FROM pg_attribute AS a
             WHERE a.attrelid = format('%I.%I', one.room, one.name)::regclass
               AND one.columns ? a.attname LOOP
            EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L',
                           one.room, one.name, column_name, said);
        END LOOP;
    END LOOP;
    DROP TABLE standing;
END $$;
"""


def upgrade() -> None:
    op.execute(SCRIPT.read_text(encoding="utf-8"))


def downgrade() -> None:
    # A view gives no column back: all are made again, those below first.
    op.execute(STANDING)
    change = sa.text(CHANGE)
    for name in NEW:
        op.get_bind().execute(change, {"name": name, "body": None})
    for name, file in BEFORE.items():
        op.get_bind().execute(change, {"name": name, "body": _before(name, file)})
    op.execute(AGAIN)


def _before(view: str, file: str) -> str:
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    found = re.search(rf"VIEW analytics_v1\.{view} AS\n(.*?);\n", text, re.DOTALL)
    assert found is not None
    return found[1].replace(JUDGED, JUDGED_SINCE) if view == "generations" else found[1]
