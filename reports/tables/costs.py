"""The table of costs: of 1,000 answers, and of a right one, where a price is registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from comparison.cost import GPU_HOURS, PER_TOKEN
from reports.tables.layout import add_named_row, lean_table

Row = Mapping[str, Any]
EXPLAINED = {
    GPU_HOURS: "GPU hours: end-to-end seconds of the engine's GPUs at price_per_gpu_hour; in "
    "throughput mode the answer's tokens at the rate of the whole engine",
    PER_TOKEN: "tokens: those of prompt and answer at the registered prices, without discounts for "
    "cached ones",
}


def cost_table(rows: Sequence[Row]) -> Table:
    """Return the table of costs: a line per model and prompt."""
    several = len({row["prompt"] for row in rows}) > 1
    names = ("model", "prompt", "priced by") if several else ("model", "priced by")
    figures = ("1,000\nanswers", "right\n%", "a right\nanswer", "n")
    table = lean_table("Cost, in the currency of the registered prices", names, figures)
    for row in rows:
        share = row["right_share"]
        cells = (
            _figure(row["cost_per_1000_answers"], 2),
            "-" if share is None else f"{100 * share:.0f}",
            _figure(row["cost_per_right_answer"], 5),
            str(row["answers"]),
        )
        prompt = (row["prompt"],) if several else ()
        add_named_row(table, (row["model"], *prompt, row["priced_by"]), cells)
    bases = dict.fromkeys(row["priced_by"] for row in rows)
    said = "; ".join(EXPLAINED[basis] for basis in bases)
    table.caption = (
        f"{said}. Means over repetitions, then problems; a right answer bears the cost of the "
        "wrong ones. Attempts without a result are not counted."
    )
    return table


def _figure(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
