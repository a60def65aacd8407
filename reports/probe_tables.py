"""What probes found, as people read it: a table of the levels that were tried, and the limit in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

Row = Mapping[str, Any]

#: Column of the table of levels: title, key, digits.
COLUMNS: tuple[tuple[str, str, int], ...] = (
    ("TTFT ms", "ttft_p50_ms", 1),
    ("E2E p95 s", "e2e_p95_s", 2),
    ("tokens/s", "tokens_per_s", 1),
    ("KV MiB", "kv_used_mib", 0),
    ("need MiB", "need_mib", 0),
    ("peak MiB", "peak_mib", 0),
    ("after MiB", "after_mib", 0),
)


def level_table(document: Row) -> Table:
    """Return the levels that one probe tried, a row a search and level."""
    points: Sequence[Row] = document["points"]
    columns = [column for column in COLUMNS if any(point[column[1]] is not None for point in points)]
    answered = any(point["answer_right"] is not None for point in points)
    table = Table(title=f"{document['model']}: {document['probe']}", title_justify="left")
    for title in ("search", document["unit"], "trials"):
        table.add_column(title, justify="right")
    table.add_column("outcome")
    for title, _key, _digits in columns:
        table.add_column(title, justify="right")
    if answered:
        table.add_column("answer")
    for point in points:
        figures = ("-" if point[key] is None else f"{point[key]:,.{digits}f}" for _title, key, digits in columns)
        row = [str(point["search"]), f"{point['level']:,}", str(point["trials"]), _outcome(point), *figures]
        table.add_row(*row, *([_answer(point["answer_right"])] if answered else []))
    return table


def limit_sentence(document: Row) -> str:
    """Say which limit was found, and what set it."""
    unit, model = document["unit"], document["model"]
    if document["searches"] is None:
        return f"{model}: no search has ended"
    most, failure = document["max_stable"], document["first_failure"]
    where = _card(document)
    if most is None:
        found = f"not even {_counted(failure, unit)} stable{where}"
    else:
        found = f"{_counted(most, unit)} stable{where}"
        found += "" if failure is None else f", {failure:,} not"
    if document["reason"] is None:
        why = "the highest level asked for" if document["limited_by"] == "level" else "no limit found"
    else:
        why = f"{document['reason']}, limited by {document['limited_by']}"
    searches = document["searches"]
    agreement = "" if searches == 1 else f"; {searches} searches {'agree' if document['agreed'] else 'DISAGREE'}"
    return f"{model}: {found} ({why}){agreement}"


def trial_line(point: Row) -> str:
    """Say what came of one trial."""
    search = f"search {point['search']}, " if point["search"] > 1 else ""
    outcome = point["outcome"] if point["reason"] is None else f"{point['outcome']} ({point['reason']})"
    return f"{point['model']}: {search}{_counted(point['level'], point['unit'])}, trial {point['trial']}: {outcome}"


def _counted(number: int, unit: str) -> str:
    return f"{number:,} {unit.removesuffix('s') if number == 1 else unit}"


def _card(document: Row) -> str:
    name = document["gpu"]
    if document["memory_limit_mib"] is not None:
        size = f"{document['memory_limit_mib'] / 1024:g} GiB"
        return f" on {size} (emulated on {name})" if document["emulated"] else f" on {size} of {name}"
    return "" if name is None else f" on {name}"


def _outcome(point: Row) -> str:
    return str(point["outcome"]) if point["reason"] is None else f"{point['outcome']} ({point['reason']})"


def _answer(right: bool | None) -> str:
    return "-" if right is None else ("right" if right else "wrong")
