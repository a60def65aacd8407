"""What a submission will take, in words and a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich.table import Table

from reports.tables.layout import add_named_row, lean_table

Document = Mapping[str, Any]
#: What a job's estimate stands on, from the nearest.
STANDS_ON = {
    "problem": "their problem",
    "category": "their category",
    "prompt": "their prompt",
    "model": "other prompts",
    "none": "no result",
}
S_PER_HOUR = 3600


def estimate_parts(document: Document) -> Iterator[str | Table]:
    """Yield the lines and the table of an estimate, from its JSON document."""
    if document["why"] is not None:
        yield f"no estimate: {document['why']}"
        return
    if document["existing"]:
        yield f"{document['existing']:,} of these jobs exist already; the estimate is of the others"
    if document["gpu_hours"] is not None:
        line = f"expected GPU time: {_range(document, 'gpu_hours', gpu_time)}"
        if document["cost"] is not None:
            line += f"; cost: {_range(document, 'cost', _number)}, in the currency of the prices"
        yield line
    models = document["models"]
    if any(one["results"] for one in models):
        yield estimate_table(models)
    for one in models:
        if one["why"] is not None:
            yield f"  {one['model']}: {one['why']}"


def estimate_table(models: list[Document]) -> Table:
    """Return a line per model: GPU hours and cost with their range, and what they stand on."""
    priced = any(one["cost"] is not None for one in models)
    figures = ["jobs", "GPU time", "10 to 90 %", *(["cost"] if priced else []), "results"]
    table = lean_table("Estimate from earlier results", ("model", "on"), figures)
    for one in models:
        spread = _ends(one, "gpu_hours", gpu_time)
        cells = [f"{one['jobs']:,}", gpu_time(one["gpu_hours"]), spread or "-"]
        cells += [_number(one["cost"])] if priced else []
        place = one["gpu"] or ("-" if not one["gpus"] or not one["results"] else "CPU")
        several = f" x {one['gpus']}" if one["gpus"] > 1 else ""
        add_named_row(table, (one["model"], f"{place}{several}"), (*cells, f"{one['results']:,}"))
    table.caption = f"{_stands_on(models)} {_starts(models)}".strip()
    return table


def _stands_on(models: list[Document]) -> str:
    jobs = {level: sum(one["jobs_by"].get(level, 0) for one in models) for level in STANDS_ON}
    lone = [one["model"] for one in models if one["runs"] == 1]
    alone = f" Of {', '.join(lone)} one run is known: how runs differ is not in it."
    parts = [f"{n:,} from {STANDS_ON[level]}" for level, n in jobs.items() if n]
    return (
        f"Jobs by the results that they are estimated from: {', '.join(parts)}. 10 to 90 %: four "
        "of five such runs should lie there, as far as repetitions, problems and runs "
        f"differed before; another GPU, vLLM or load is not in it.{alone if lone else ''}"
    )


def _starts(models: list[Document]) -> str:
    known = [one for one in models if one["start_s"] is not None and one["starts"]]
    if not known:
        return ""
    said = ", ".join(f"{one['model']} {one['starts']} of {one['start_s']:,.0f} s" for one in known)
    return f"Engine starts are counted for one worker: {said}."


def gpu_time(hours: float | None) -> str:
    """Return GPU hours with three digits, in seconds or minutes where they are few."""
    if hours is None:
        return "-"
    if hours * S_PER_HOUR < 120:
        return f"{_number(hours * S_PER_HOUR)} s"
    return f"{_number(hours * 60)} min" if hours < 2 else f"{_number(hours)} h"


def _range(document: Document, name: str, shown: Callable[[float | None], str]) -> str:
    ends = _ends(document, name, shown)
    return shown(document[name]) + (f" ({ends})" if ends else "")


def _ends(document: Document, name: str, shown: Callable[[float | None], str]) -> str | None:
    low, high = document[f"{name}_p10"], document[f"{name}_p90"]
    return None if low is None or high is None else f"{shown(low)} to {shown(high)}"


def _number(value: float | None) -> str:
    """Return three significant digits, without an exponent."""
    if value is None:
        return "-"
    if value >= 100 or value == 0:
        return f"{value:,.0f}"
    digits = next(n for n in range(1, 12) if value * 10**n >= 100 or n == 11)
    return f"{value:.{digits}f}"
