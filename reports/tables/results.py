"""The tables of results for people: which there are, in their order; and the paired gaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.table import Table

from reports.tables.costs import cost_table
from reports.tables.energy import energy_tables
from reports.tables.layout import add_named_row, lean_table
from reports.tables.prompts import prompt_tables, step_table
from reports.tables.resources import cache_tables, concurrency_table, resource_tables
from reports.tables.scores import judged_table, score_tables, unscored_table
from reports.tables.verification import verification_tables

Row = Mapping[str, Any]


def result_tables(
    results: Mapping[str, Sequence[Row]], judge: str | None = None, *, flagged_counted: bool = False
) -> list[Table]:
    """Return the tables that have rows; ``judge`` names whose verdicts ``judged`` holds.

    ``flagged_counted`` says that flagged results are in the medians of time and memory.
    """
    limits, missing = results.get("limits", ()), results.get("missing", ())
    makers: tuple[tuple[str, Callable[[Sequence[Row]], list[Table]]], ...] = (
        ("scores", lambda rows: score_tables(rows, missing)),
        ("gaps", lambda rows: [gap_table(rows)]),
        ("judged", lambda rows: [judged_table(rows, judge or "judge")]),
        ("unscored", lambda rows: [unscored_table(rows)]),
        ("resources", lambda rows: resource_tables(rows, limits, flagged_counted=flagged_counted)),
        ("costs", lambda rows: [cost_table(rows)]),
        ("energy", energy_tables),
        ("cache", cache_tables),
        ("prompt_effects", prompt_tables),
        ("prompt_steps", lambda rows: [step_table(rows)]),
        ("verification", verification_tables),
        ("concurrency", lambda rows: [concurrency_table(rows)]),
    )
    return [table for key, make in makers if results.get(key) for table in make(results[key])]


def gap_table(found: Sequence[Row]) -> Table:
    """Return how far the models are from their base, over the problems that both have."""
    several = len({row["prompt"] for row in found}) > 1
    part = "category" if "category" in found[0] else "part"
    heading = found[0].get("by", part)
    names = ("model", "prompt", heading) if several else ("model", heading)
    table = lean_table(
        f"Score against {found[0]['a']}, points of 7 (paired by problem)",
        names,
        ("gap", "95 %", "problems"),
    )
    for model, prompt in dict.fromkeys((row["b"], row["prompt"]) for row in found):
        lines = [row for row in found if (row["b"], row["prompt"]) == (model, prompt)]
        parts = "\n".join(row[part] for row in lines)
        cells = zip(*map(_gap_cells, lines), strict=True)
        shown = (model, *((prompt,) if several else ()), parts)
        add_named_row(table, shown, map("\n".join, cells))
    table.caption = (
        "Means over repetitions, Student's interval over problems; where it holds 0, the run shows "
        "no difference. `evalctl compare` tests, and says what it would take."
    )
    return table


def _gap_cells(row: Row) -> tuple[str, str, str]:
    low, high = row["ci_low"], row["ci_high"]
    interval = "-" if low is None else f"{low:+.2f} to {high:+.2f}"
    return f"{row['difference']:+.2f}", interval, f"{row['problems']} of {row['of']}"
