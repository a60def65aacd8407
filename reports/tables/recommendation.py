"""A recommendation for people: candidates with their values, and the answer by priority."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from comparison.choice import CRITERIA
from core.counts import counted
from reports.tables.layout import add_named_row, folded, lean_table

Row = Mapping[str, Any]
WIDTH = 80


def recommendation_parts(document: Row) -> Iterator[RenderableType]:
    """Yield the parts of the document of ``evalctl recommend``."""
    for warning in document["warnings"]:
        yield _wrapped(f"note: {warning}")
    yield _values(document["candidates"], document["problems"])
    for row in document["candidates"]:
        if row["dominated_by"]:
            better = " and ".join(map(_name, row["dominated_by"]))
            yield _wrapped(f"{_name(row)}: {better} is as good in everything and better in some")
    for answer in document["answers"]:
        yield from _answer(answer)


def _values(candidates: Sequence[Row], problems: int) -> Table:
    known = {
        name: criterion
        for name, criterion in CRITERIA.items()
        if all(name in row["values"] for row in candidates)
    }
    table = lean_table(
        f"Candidates over {counted(problems, 'problem')}: means, of times medians (* Pareto front)",
        ("model and prompt",),
        [_heading(criterion.label) for criterion in known.values()],
    )
    for row in candidates:
        name = f"{_name(row)}{'*' if row['on_front'] else ''}"
        shown = [f"{row['values'][key]:,.{one.digits}f}" for key, one in known.items()]
        add_named_row(table, (name,), shown)
    return table


def _heading(label: str) -> str:
    """Break a label into short lines, its unit on one with the word before."""
    return "\n".join(textwrap.wrap(label, 10))


def _answer(answer: Row) -> Iterator[RenderableType]:
    yield Text("")
    weights = ", ".join(
        f"{CRITERIA[name].label} {weight:.2f}" for name, weight in answer["weights"].items()
    )
    chosen = answer["choice"]
    if chosen is None:
        wanted = ", ".join(CRITERIA[name].label for name in answer["left_out"])
        yield _wrapped(f"{answer['priority']}: no answer, since {wanted} cannot be compared")
        return
    best = " and ".join(map(_name, (chosen, *answer["tied"])))
    words = f"{best} tie" if answer["tied"] else best
    yield Text("\n".join(folded(f"{answer['priority']}: {words}", WIDTH)), style="bold")
    yield _wrapped(f"  by {weights}", indent="  ")
    if answer["left_out"]:
        wanted = ", ".join(CRITERIA[name].label for name in answer["left_out"])
        yield _wrapped(
            f"  left out, since not every candidate has it to compare: {wanted}", indent="  "
        )
    for rival in answer["rivals"][len(answer["tied"]) :]:
        yield _wrapped(f"  {_rival(rival)}", indent="    ")
    if answer["rivals"]:
        yield _wrapped(f"  {_changes(answer['changes'])}", indent="    ")
        if dearer := answer["dearer"]:
            yield _wrapped(
                f"  {_name(dearer['instead'])} if an answer of {_name(chosen)} cost "
                f"{dearer['factor']:.2f} times as much",
                indent="    ",
            )


def _rival(rival: Row) -> str:
    name = _name(rival)
    if rival["ci_low"] is None:
        return f"{name} is {rival['lead']:.3f} behind; the problems are too few to be sure"
    reach = (
        f"lead {rival['lead']:.3f}, 95 % interval {rival['ci_low']:.3f} .. {rival['ci_high']:.3f}"
    )
    if rival["shown"]:
        return f"{name} is behind: {reach}"
    return f"{name}: no difference that this run could show ({reach})"


def _changes(changes: Sequence[Row]) -> str:
    if not changes:
        return "no weight of a single criterion changes the answer"
    said = [
        f"{CRITERIA[one['criterion']].label} weighed {one['weight']:.2f} instead of "
        f"{one['now']:.2f} ({_name(one['instead'])})"
        for one in changes
    ]
    return f"another answer with: {'; '.join(said)}"


def _name(row: Row) -> str:
    return f"{row['model']} {row['prompt']}"


def _wrapped(text: str, *, indent: str = "") -> Text:
    return Text("\n".join(folded(text, WIDTH, indent)))
