"""The tables of a pipeline: marks and times of a run, and its drafts one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from reports.tables.layout import add_named_row, lean_table
from scoring.verification.marks import MARKS, SIGNS, SPOKEN

Row = Mapping[str, Any]


def verification_tables(lines: Sequence[Row]) -> list[Table]:
    """Return a table of the marks and one of both stages' times, a line for each category."""
    return [_marks(lines), _times(lines)]


def drafts_table(lines: Sequence[Row]) -> Table:
    """Return a table with a row for each draft: its job, what it answers and its marks."""
    figures = ("steps", *SIGNS.values())
    table = lean_table("Drafts and their marks", ("job", "model", "problem", "prompt"), figures)
    for row in lines:
        said = f"{row['prompt']} {row['repetition']}"
        marks = ["steps", *MARKS]
        cells = [str(row[key]) for key in marks] if row["state"] == "succeeded" else ["-"] * 5
        add_named_row(table, (str(row["job"]), row["model"], row["problem"], said), cells)
    table.caption = ", ".join(f"{SIGNS[mark]} {SPOKEN[mark]}" for mark in MARKS)
    return table


def _marks(lines: Sequence[Row]) -> Table:
    figures = ("drafts", "steps", *SIGNS.values(), "rule", "model", "late")
    table = lean_table("Verification: marks on the steps of drafts", _names(lines), figures)
    for row in lines:
        counted = ("drafts", "steps", *MARKS, "by_rule", "by_model", "late")
        add_named_row(table, _named(row, lines), (str(row[key]) for key in counted))
    signs = ", ".join(f"{SIGNS[mark]} {SPOKEN[mark]}" for mark in MARKS)
    table.caption = (
        f"{signs}; rule, model: who decided; late: no label within "
        f"{lines[0]['deadline_ms']:g} ms, so unverified. A model's tick proves "
        "nothing: `evalctl verify-bench` says which faults are caught."
    )
    return table


def _times(lines: Sequence[Row]) -> Table:
    figures = ("draft\ns", "verify\ns", "both\ns", "step p50\nms", "step p95\nms", "draft\nMiB",
               "verify\nMiB")  # fmt: skip
    table = lean_table("Verification: times and memory of both stages", _names(lines), figures)
    for row in lines:
        cells = (
            _figure(row["draft_e2e_s"], 2), _figure(row["verification_s"], 3),
            _figure(row["total_s"], 2), _figure(row["step_model_ms_p50"], 1),
            _figure(row["step_model_ms_p95"], 1), _figure(row["draft_need_mib"], 0),
            _figure(row["verification_need_mib"], 0),
        )  # fmt: skip
        add_named_row(table, _named(row, lines), cells)
    table.caption = (
        "Medians over drafts, without the queue and loading; step: from the request about a step "
        "to its label or deadline."
    )
    return table


def _names(lines: Sequence[Row]) -> tuple[str, ...]:
    several = len({row["prompt"] for row in lines}) > 1
    return ("draft", "verifier", "category", *(("prompt",) if several else ()))


def _named(row: Row, lines: Sequence[Row]) -> tuple[str, ...]:
    given = {"draft": "model"}
    return tuple(str(row[given.get(name, name)]) for name in _names(lines))


def _figure(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
