"""What answers take in energy: a table per prompt and mode, a line per model and engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from reports.tables.layout import add_named_row, lean_table

Row = Mapping[str, Any]
#: Columns: title, key of the view, digits.
FIGURES: tuple[tuple[str, str, int], ...] = (
    ("J\nanswer", "joules", 0), ("J\ntoken", "joules_per_token", 2),
    ("J\nstep", "joules_per_step", 0), ("J above\nidle", "joules_above_idle", 0),
    ("idle\nW", "idle_power_w", 0),
)  # fmt: skip
METHODS = {
    "counter": "the GPU's counter, which changes every 100 ms",
    "power": "the integral of the reported power, which misses the beginning of short answers",
}
SHARED = {
    "tokens": "in throughput mode the energy of the whole engine, shared by output tokens",
    "alone": "the GPUs of the worker from the request to the last token, idle power included",
}


def energy_tables(rows: Sequence[Row]) -> list[Table]:
    """Return a table per prompt and mode."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["prompt"], row["mode"]), []).append(row)
    return [_table(prompt, mode, lines) for (prompt, mode), lines in groups.items()]


def _table(prompt: str, mode: str, lines: Sequence[Row]) -> Table:
    columns = [one for one in FIGURES if any(row[one[1]] is not None for row in lines)]
    titles = [*(one[0] for one in columns), "n"]
    table = lean_table(f"Energy, prompt {prompt}, {mode} mode", ("model", "GPU"), titles)
    for row in lines:
        cells = [_figure(row[key], digits) for _title, key, digits in columns]
        add_named_row(table, (row["model"], row["gpu_name"] or "-"), [*cells, str(row["answers"])])
    methods = dict.fromkeys(word for row in lines for word in row["method"].split(", "))
    shared = dict.fromkeys(row["shared_by"] for row in lines)
    table.caption = (
        f"By {'; by '.join(METHODS[one] for one in methods)}: "
        f"{'; '.join(SHARED[one] for one in shared)}. Medians over repetitions, then problems; a "
        "step bears the energy of answers that show none."
    )
    return table


def _figure(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
