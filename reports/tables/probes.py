"""What probes found, for people: a table of the levels, and the limit in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from reports.tables.layout import listing

Row = Mapping[str, Any]

#: Columns of the table of levels: title in two lines, since ten columns have to fit a screen; key,
#: digits.
COLUMNS: tuple[tuple[str, str, int], ...] = (
    ("TTFT\nms", "ttft_p50_ms", 1), ("E2E\np95 s", "e2e_p95_s", 2),
    ("tokens\n/s", "tokens_per_s", 1), ("KV\nMiB", "kv_used_mib", 0), ("need\nMiB", "need_mib", 0),
    ("peak\nMiB", "peak_mib", 0), ("after\nMiB", "after_mib", 0),
)  # fmt: skip


def level_table(document: Row) -> Table:
    """Return a probe's levels, one row per search and level, in 80 characters."""
    points: Sequence[Row] = document["points"]
    several = any(point["search"] > 1 for point in points)
    figures = [name for name, _, _ in COLUMNS]
    numbers = ["#", "level", "n"] if several else ["level", "n"]
    rows = [
        (*([str(point["search"])] if several else []), f"{point['level']:,}", str(point["trials"]),
         _outcome(point), *(_figure(point[key], digits) for _, key, digits in COLUMNS),
         _answer(point["answer_right"]))
        for point in points
    ]  # fmt: skip
    said = "#: search, n: trials" if several else "n: trials"
    title = f"{document['model']}: {document['probe']} ({said})"
    fixed = {*numbers, *figures, "answer"}
    table = listing((*numbers, "outcome", *figures, "answer"), rows, figures=fixed, title=title)
    for column in table.columns:
        column.justify = "right" if column.header in {*numbers, *figures} else "left"
    return table


def limit_sentence(document: Row) -> str:
    """Say which limit was found, and what set it."""
    unit, model = document["unit"], document["model"]
    if document["searches"] is None:
        return f"{model}: no search has finished"
    most, failure = document["max_stable"], document["first_failure"]
    where = _where(document)
    if most is None:
        found = f"not even {_counted(failure, unit)} stable{where}"
    else:
        found = f"{_counted(most, unit)} stable{where}"
        found += "" if failure is None else f", {failure:,} not"
    if document["reason"] is None:
        at_most = document["limited_by"] == "level"
        why = "the highest level of the search" if at_most else "no limit found"
    else:
        why = f"{document['reason']}, limited by {document['limited_by']}"
    searches = document["searches"]
    verdict = "agree" if document["agreed"] else "DISAGREE"
    agreement = "" if searches == 1 else f"; {searches} searches {verdict}"
    return f"{model}: {found} ({why}){agreement}"


def trial_line(point: Row) -> str:
    """Describe the outcome of one trial."""
    search = f"search {point['search']}, " if point["search"] > 1 else ""
    outcome = (
        point["outcome"] if point["reason"] is None else f"{point['outcome']} ({point['reason']})"
    )
    return (
        f"{point['model']}: {search}{_counted(point['level'], point['unit'])}, trial "
        f"{point['trial']}: {outcome}"
    )


def _counted(number: int, unit: str) -> str:
    return f"{number:,} {unit.removesuffix('s') if number == 1 else unit}"


def _where(document: Row) -> str:
    name = document["gpu"]
    if document["memory_limit_mib"] is not None:
        size = f"{document['memory_limit_mib'] / 1024:g} GiB"
        emulated = document["emulated"]
        return f" on {size} (emulated on {name})" if emulated else f" on {size} of {name}"
    return "" if name is None else f" on {name}"


def _figure(value: float | None, digits: int) -> str:
    """Format a number to fit: from a thousand on without decimals."""
    return "-" if value is None else f"{value:,.{digits if value < 1000 else 0}f}"


def _outcome(point: Row) -> str:
    """Return the reason where there is one: only a level that is not stable has one."""
    return str(point["reason"] or point["outcome"])


def _answer(right: bool | None) -> str:
    return "-" if right is None else ("right" if right else "wrong")
