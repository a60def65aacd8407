"""The steps that models miss most, a table per model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from reports.tables.layout import add_named_row, lean_table

Row = Mapping[str, Any]
#: Steps of a model that are shown to people.
SHOWN = 10


def missed_tables(missed: Sequence[Row], language: str, shown: int = SHOWN) -> list[Table]:
    """Return a table per model of its most missed steps, the most missed first."""
    return [
        _table(model, [row for row in missed if row["model"] == model], language, shown)
        for model in dict.fromkeys(row["model"] for row in missed)
    ]


def _table(model: str, rows: Sequence[Row], language: str, shown: int) -> Table:
    table = lean_table(
        f"Most missed steps of {model}",
        ("problem", "step"),
        ("missed\n%", "open\n%", "answers"),
    )
    for row in rows[:shown]:
        said = described(row, language)
        step = f"{row['step']}: {said}" if said else str(row["step"])
        shares = (f"{100 * row[key] / row['answers']:.0f}" for key in ("missed", "open"))
        add_named_row(table, (row["problem"], step), (*shares, str(row["answers"])))
    more = f"; {len(rows) - shown} more steps are missed at times" if len(rows) > shown else ""
    table.caption = (
        f"missed: answers without the step, or with it done wrong; open: the rules cannot decide"
        f"{more}."
    )
    return table


def described(row: Row, language: str) -> str:
    """Return what a step is, in a language that the problem has."""
    said = row["describe"]
    if isinstance(said, Mapping):
        return str(said.get(language) or next(iter(said.values()), ""))
    return "" if said is None else str(said)
