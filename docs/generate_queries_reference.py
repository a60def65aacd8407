#!/usr/bin/env python
"""Write docs/reference/queries.md from the files in docs/queries."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parent / "reference" / "queries.md"
QUERIES = Path(__file__).parent / "queries"
HEAD = """\
<!-- Written by `make docs` from docs/queries/*.sql; do not edit. -->
# Worked queries

Each is a file that the tests run as an analyst. How to connect, and how to run a file:
[query-the-database.md](../how-to/query-the-database.md). The columns:
[analytics.md](analytics.md).
"""


def render() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *(_section(file) for file in sorted(QUERIES.glob("*.sql")))])


def _section(file: Path) -> str:
    """Return a query under its purpose, with its notes as a paragraph."""
    lines = file.read_text(encoding="utf-8").splitlines()
    notes = [line.removeprefix("-- ") for line in lines if line.startswith("-- ")]
    query = [line for line in lines if not line.startswith("-- ")]
    about = [
        f"## {notes[0]}",
        f"`docs/queries/{file.name}`",
        *["\n".join(notes[1:])][: len(notes) - 1],
    ]
    return "\n\n".join([*about, "\n".join(["```sql", *query, "```", ""])])


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
