"""The columns of analytics_v1 that readers rely on, and what breaks such a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from db.engine import rows, transaction

SNAPSHOT = Path(__file__).parents[1] / "db" / "analytics_v1.json"
COLUMNS = """
SELECT c.relname AS view, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       col_description(c.oid, a.attnum) AS comment
  FROM pg_class AS c
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'analytics_v1'::regnamespace
 ORDER BY c.relname, a.attnum
"""

Columns = Mapping[str, Sequence[Sequence[str]]]


def columns(engine: Engine) -> dict[str, list[list[str]]]:
    """Return name and type of each view's columns, in their order."""
    found: dict[str, list[list[str]]] = {}
    for row in described_columns(engine):
        found.setdefault(row["view"], []).append([row["name"], row["type"]])
    return found


def changes(before: Columns, now: Columns) -> list[str]:
    """Return what breaks a reader: removals, renamed or moved columns, other types."""
    broken = [f"view {view} is missing" for view in before if view not in now]
    for view, kept in before.items():
        for place, (old, new) in enumerate(zip(kept, now.get(view, ()), strict=False), start=1):
            if list(old) != list(new):
                broken.append(f"{view}: column {place} was {old} and is {new}")
        if view in now and len(now[view]) < len(kept):
            broken.append(f"{view}: {len(kept) - len(now[view])} columns are missing at its end")
    return broken


def described_columns(engine: Engine) -> list[dict[str, Any]]:
    """Return view, name, type and comment of every column, in their order."""
    with transaction(engine) as connection:
        return rows(connection, COLUMNS)
