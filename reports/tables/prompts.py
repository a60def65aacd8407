"""The tables of prompt styles for people: what each adds, and which steps it gains and loses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from reports.tables.layout import add_named_row, lean_table

Row = Mapping[str, Any]
#: The largest changes that are shown.
STEPS_SHOWN = 10
PAIRED = (
    "Paired by problem, means over repetitions and wordings, Student's interval over problems; "
    "where it holds 0, the run shows no effect."
)


def prompt_tables(effects: Sequence[Row]) -> list[Table]:
    """Return a table per model and style: what the style adds to the score of its base."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in effects:
        groups.setdefault((row["model"], row["style"]), []).append(row)
    tables = [_effects(rows) for rows in groups.values()]
    tables[-1].caption = " ".join(filter(None, (_wordings(effects[-1]), PAIRED)))
    return tables


def _effects(rows: Sequence[Row]) -> Table:
    """Return the table of one model and style, a line per category."""
    base, style = rows[0]["base"], rows[0]["style"]
    table = lean_table(
        f"{rows[0]['model']}: score out of 7, prompt {style} against {base}",
        ("category",),
        ("base", "style", "uplift", "%", "95 %", "problems"),
    )
    for row in rows:
        share, low = row["uplift_pct"], row["ci_low"]
        table.add_row(
            row["category"],
            f"{row['base_score7']:.2f}",
            f"{row['score7']:.2f}",
            f"{row['difference']:+.2f}",
            "-" if share is None else f"{share:+.1f}",
            "-" if low is None else f"{low:+.2f} to {row['ci_high']:+.2f}",
            f"{row['problems']} of {row['of']}",
        )
    table.caption = _wordings(rows[-1])
    return table


def _wordings(row: Row) -> str | None:
    """Say how far the wordings of a style lie apart, where it has several."""
    spread = row["wording_spread"]
    if spread is None:
        return None
    said = f"The means of the {row['wordings']} wordings of {row['style']} lie {spread:.2f} apart"
    base_spread = row["base_wording_spread"]
    if base_spread is not None:
        said += f", those of {row['base']} {base_spread:.2f}"
    if abs(row["difference"]) <= max(spread, base_spread or 0):
        return f"{said}: the effect is no larger than the choice of words."
    return f"{said}."


def step_table(steps: Sequence[Row]) -> Table:
    """Return the steps that a style gains or loses most."""
    table = lean_table(
        f"Steps gained and lost against {steps[0]['base']}",
        ("model", "style", "problem", "step"),
        ("gained", "lost", "of"),
    )
    for row in steps[:STEPS_SHOWN]:
        step = row["step"] if row["path"] == "main" else f"{row['path']} {row['step']}"
        counts = (str(row[name]) for name in ("gained", "lost", "pairs"))
        add_named_row(table, (row["model"], row["style"], row["problem"], step), counts)
    table.caption = (
        "Pairs of answers to the same problem that follow the same path. `evalctl problems show` "
        "says what a step is."
    )
    if len(steps) > STEPS_SHOWN:
        table.caption += f" {len(steps) - STEPS_SHOWN} more steps changed: --json has all."
    return table
