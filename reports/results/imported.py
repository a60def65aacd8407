"""What is said of answers that were made elsewhere, and what is not shown of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.counts import counted

Row = Mapping[str, Any]


def imported_lines(imported: Sequence[Row]) -> Iterator[str]:
    """Yield a line per model and file."""
    for row in imported:
        answers = counted(row["answers"], "answer")
        yield (
            f"imported: {answers} of {row['model']} from {row['file']}, made by {row['origin']}; "
            "their times and memory are not known"
        )


def imported_left_out(imported: Sequence[Row]) -> list[dict[str, Any]]:
    """Return what the report page leaves out of its figures of time and memory."""
    return [
        {
            "number": row["answers"],
            "what": f"answers of {row['model']} imported from {row['file']}, made by "
            f"{row['origin']}",
            "where": "times and memory",
        }
        for row in imported
    ]


def measured_here(rows: Sequence[Row], imported: Sequence[Row]) -> list[Row]:
    """Return the lines of time or memory that are about answers made here."""
    elsewhere = {(row["model"], row["config_hash"]) for row in imported}
    return [row for row in rows if (row["model"], row["config_hash"]) not in elsewhere]
