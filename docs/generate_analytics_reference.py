#!/usr/bin/env python
"""Write docs/reference/analytics.md from the comments on the views in the migrations."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parent / "reference" / "analytics.md"
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations" / "versions"
COMMENT = re.compile(
    r"COMMENT ON (?P<kind>VIEW|COLUMN) analytics_v1\.(?P<view>\w+)(?:\.(?P<column>\w+))? "
    r"IS '(?P<text>(?:[^']|'')*)';"
)
HEAD = """\
<!-- Written by `make docs` from the comments in migrations/versions/*.sql; do not edit. -->
# Views of analytics_v1

The public contract with all readers of the database: views only, to which columns are only ever
appended. The database holds the same comments (`\\d+` in psql). Schema `eval` behind it is internal
and may change.

Rows of synthetic models, whose text and numbers are simulated, are left out unless the session says
`SET evalctl.include_synthetic = 'on'`. How to get access, and worked queries:
[query-the-database.md](../how-to/query-the-database.md).
"""


def read_comments() -> dict[str, tuple[str, dict[str, str]]]:
    """Return each view's comment and those of its columns, by migration; later ones win."""
    views: dict[str, tuple[str, dict[str, str]]] = {}
    for path in sorted(MIGRATIONS.glob("*.sql")):
        for found in COMMENT.finditer(path.read_text(encoding="utf-8")):
            text = found["text"].replace("''", "'")
            _, columns = views.get(found["view"], ("", {}))
            if found["kind"] == "VIEW":
                views[found["view"]] = (text, columns)
            else:
                columns[found["column"]] = text
    return views


def render() -> str:
    """Return the whole page."""
    parts = [HEAD]
    for view, (text, columns) in read_comments().items():
        cells = "\n".join(
            f"| `{column}` | {meaning.replace('|', chr(92) + '|')} |"
            for column, meaning in columns.items()
        )
        parts.append(f"## {view}\n\n{text}\n\n| column | meaning |\n|---|---|\n{cells}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
