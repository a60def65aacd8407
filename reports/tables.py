"""The result tables as people read them: scores with gaps, resources with percentages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.table import Table

Row = Mapping[str, Any]

#: Column of the resource table: title, key of the view, digits.
RESOURCE_COLUMNS: tuple[tuple[str, str, int], ...] = (
    ("need MiB", "need_mib", 0),
    ("NVML peak MiB (incl. reservation)", "nvml_peak_mib", 0),
    ("TTFT ms", "ttft_ms", 1),
    ("E2E s", "e2e_s", 2),
    ("TPOT ms", "tpot_ms", 2),
    ("tokens/s", "tokens_per_s", 1),
    ("out tokens", "output_tokens", 0),
)


def score_table(scores: Sequence[Row]) -> Table:
    """Return step completeness by category, a column per model, and the gap to the first model."""
    models = list(dict.fromkeys(row["model"] for row in scores))
    table = Table(
        title="Step completeness, of 7 (mean over problems of the median over repetitions)", title_justify="left"
    )
    table.add_column("prompt")
    table.add_column("category")
    for model in models:
        table.add_column(model, justify="right")
    for model in models[1:]:
        table.add_column(f"{model} - {models[0]}", justify="right")
    table.add_column("problems x reps", justify="right")
    cells: dict[tuple[str, str], dict[str, Row]] = {}
    for row in scores:
        cells.setdefault((row["prompt"], row["category"]), {})[row["model"]] = row
    for (prompt, category), by_model in cells.items():
        table.add_row(
            prompt,
            category,
            *(_score_cell(by_model.get(model)) for model in models),
            *(_gap_cell(by_model.get(models[0]), by_model.get(model)) for model in models[1:]),
            _count_cell(by_model),
        )
    return table


def resource_table(resources: Sequence[Row]) -> Table:
    """Return resources per model, with each figure's difference from the first row of its group in per cent."""
    kinds = {row["memory_kind"] for row in resources}
    table = Table(title="Resources (median over problems of the median over repetitions)", title_justify="left")
    for title in ("model", "prompt", "mode"):
        table.add_column(title)
    columns = [column for column in RESOURCE_COLUMNS if any(row[column[1]] is not None for row in resources)]
    for title, key, _digits in columns:
        host = key == "need_mib" and kinds == {"host"}
        table.add_column("host memory MiB (resident peak)" if host else title, justify="right")
    table.add_column("jobs", justify="right")
    first: dict[tuple[str, str], Row] = {}
    for row in resources:
        base = first.setdefault((row["prompt"], row["mode"]), row)
        figures = (_figure(row[key], base[key], digits, first=row is base) for _title, key, digits in columns)
        table.add_row(row["model"], row["prompt"], row["mode"], *figures, _jobs_cell(row))
    return table


def prompt_table(prompts: Sequence[Row]) -> Table:
    """Return what the step-constrained prompt adds to the score."""
    table = Table(title="Effect of the step-constrained prompt on the score (of 7)", title_justify="left")
    for title in ("model", "category"):
        table.add_column(title)
    for title in ("plain", "stepwise", "uplift"):
        table.add_column(title, justify="right")
    for row in prompts:
        uplift = "-" if row["uplift_pct"] is None else f"{row['uplift_pct']:+.1f} %"
        table.add_row(row["model"], row["category"], f"{row['plain']:.2f}", f"{row['stepwise']:.2f}", uplift)
    return table


def concurrency_table(thresholds: Sequence[Row]) -> Table:
    """Return the limits that probes found, a row per model, kind and card."""
    table = Table(title="Largest stable level (below the first that was not stable)", title_justify="left")
    for title in ("model", "card", "unit"):
        table.add_column(title)
    for title in ("max stable", "first failure"):
        table.add_column(title, justify="right")
    for title in ("limited by", "reason", "searches"):
        table.add_column(title)
    for row in thresholds:
        levels = ("-" if row[key] is None else f"{row[key]:,}" for key in ("max_stable", "first_failure"))
        searches = f"{row['searches']}{'' if row['agreed'] else ' (disagree)'}"
        table.add_row(row["model"], _card(row), row["unit"], *levels, row["limited_by"], row["reason"] or "-", searches)
    return table


def result_tables(results: Mapping[str, Sequence[Row]]) -> list[Table]:
    """Return the tables that have rows."""
    makers: tuple[tuple[str, Callable[[Sequence[Row]], Table]], ...] = (
        ("scores", score_table),
        ("resources", resource_table),
        ("prompts", prompt_table),
        ("concurrency", concurrency_table),
    )
    return [make(results[key]) for key, make in makers if results.get(key)]


def _card(row: Row) -> str:
    """Name a card, and its size where a smaller one was emulated on it."""
    name = row["gpu"] or "CPU"
    if row["memory_limit_mib"] is None:
        return name
    size = f"{row['memory_limit_mib'] / 1024:g} GiB"
    return f"{size} (emulated on {name})" if row["emulated"] else f"{size} of {name}"


def _score_cell(row: Row | None) -> str:
    return "-" if row is None else f"{row['score7']:.2f} ({row['score7_min']:.1f}..{row['score7_max']:.1f})"


def _gap_cell(base: Row | None, row: Row | None) -> str:
    return "-" if base is None or row is None else f"{row['score7'] - base['score7']:+.2f}"


def _count_cell(by_model: Mapping[str, Row]) -> str:
    shown = {f"{row['problems']} x {row['repetitions'] / row['problems']:g}" for row in by_model.values()}
    return ", ".join(sorted(shown))


def _jobs_cell(row: Row) -> str:
    return f"{row['jobs']} ({row['flagged']} flagged)" if row["flagged"] else str(row["jobs"])


def _figure(value: float | None, base: float | None, digits: int, *, first: bool) -> str:
    if value is None:
        return "-"
    shown = f"{value:,.{digits}f}"
    return shown if first or not base else f"{shown} ({100 * (value / base - 1):+.1f} %)"
