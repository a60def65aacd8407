"""Tables of how far rules and judge agree with people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from core.counts import counted
from reports.tables.layout import lean_table

Figures = Mapping[str, Any]

LINES = (
    ("rules", "rules"),
    ("judge", "judge"),
    ("rules_judge", "rules + judge"),
    ("constant", "constant"),
)
PERCENTAGES = ("agree", "coverage", "done_right", "done_found")
CAPTION = (
    "kappa: done against not done, over the steps that the reader decides (coverage), and in "
    "brackets with the others as not done; found: of the steps that people call done; constant: "
    "always the more frequent verdict."
)
ERROR_CAPTION = (
    "error: mean distance of score7 from people's; outside: of people's from the range up to "
    "score7_high; guess: right flags, flags found."
)


def agreement_tables(judge: str, found: Figures) -> Iterator[Table]:
    """Yield the tables of one judge: all steps, those the rules did not find, and the parts."""
    base = "-" if found["base_rate"] is None else f"{100 * found['base_rate']:.0f} %"
    title = f"{judge}: {counted(found['steps'], 'step')} read by people, {base} of them done"
    yield _table(title, {"all steps": found, "not found by rules": found["open"]}, CAPTION)
    if found["scores"]:
        yield _scores(judge, found["scores"])
    parts = {**found["styles"], **found["categories"]}
    if parts:
        yield _table(f"{judge}, by style and category", parts, _itself(found["itself"]))


def _table(title: str, parts: Mapping[str, Figures], caption: str) -> Table:
    figures = ("kappa", "agree", "coverage", "done\nright", "found")
    table = lean_table(title, ("steps", "reader"), figures)
    table.caption = caption
    for name, part in parts.items():
        for place, (key, reader) in enumerate(LINES):
            figures = part[key]
            table.add_row(
                "" if place else name,
                reader,
                f"{_figure(figures['kappa'])} ({_figure(figures['kappa_all'])})",
                *(_per_cent(figures[one]) for one in PERCENTAGES),
                end_section=place == len(LINES) - 1,
            )
    return table


def _scores(judge: str, scores: Mapping[str, Figures]) -> Table:
    table = lean_table(
        f"{judge}: whole answers, 0 to 7", ("reader",), ("error", "outside", "guess")
    )
    table.caption = ERROR_CAPTION
    for key, reader in LINES:
        if figures := scores.get(key):
            guess = figures["guess"]
            table.add_row(
                reader,
                _figure(figures["mae7"]),
                _figure(figures["mae7_interval"]),
                f"{_per_cent(guess['precision'])}, {_per_cent(guess['recall'])}",
            )
    return table


def _itself(itself: Figures) -> str:
    if not itself["steps"]:
        return "The judge was asked nothing twice: how far it agrees with itself is not known."
    return (
        f"Asked the same twice, the judge agrees with itself on {_per_cent(itself['agree'])} of "
        f"{counted(itself['steps'], 'step')}, kappa {_figure(itself['kappa'])}."
    )


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _per_cent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"
