"""The result tables for people: scores, paired gaps, resources with percentages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.table import Table

from reports.sampling_text import sampling_text

Row = Mapping[str, Any]

#: Lines of the resource table: title, key of the view, digits. Those without any figure are
#: omitted.
RESOURCE_LINES: tuple[tuple[str, str, int], ...] = (
    ("need MiB", "need_mib", 0), ("NVML peak MiB (incl. reservation)", "nvml_peak_mib", 0),
    ("TTFT ms", "ttft_ms", 1), ("TTFO ms", "ttfo_ms", 1), ("E2E s", "e2e_s", 2),
    ("TPOT ms", "tpot_ms", 2), ("tokens/s of a request", "tokens_per_s", 1),
    ("tokens/s of the engine", "total_tokens_per_s", 1), ("out tokens", "output_tokens", 0),
)  # fmt: skip
RANGE = (
    "A range ends at the score with every undetermined step done; coverage (cov.) is the share of "
    "the steps, by weight, that the rules decided."
)
_CACHE_TIMES = ("first_ttft_ms", "later_ttft_ms")
#: What a larger limit counts, by the kind of the probe.
LIMITS = {
    "sequences": "max stable sequences",
    "instances": "max stable instances",
    "context": "max stable context, tokens",
}


def score_table(scores: Sequence[Row]) -> Table:
    """Return step completeness by category, a column per model."""
    scores = _by_sampling(scores)
    models = list(dict.fromkeys(row["model"] for row in scores))
    table = Table(
        title="Step completeness out of 7 (mean over problems of the median over repetitions)",
        title_justify="left",
    )
    table.add_column("prompt")
    table.add_column("category")
    for model in models:
        table.add_column(model, justify="right", overflow="fold")
    table.add_column("problems x reps", justify="right")
    cells: dict[tuple[str, str], dict[str, Row]] = {}
    for row in scores:
        cells.setdefault((row["prompt"], row["category"]), {})[row["model"]] = row
    for (prompt, category), by_model in cells.items():
        found = [by_model.get(model) for model in models]
        table.add_row(prompt, category, *map(_score_cell, found), _count_cell(by_model))
    if any(has_range(row) for row in scores):
        table.caption, table.caption_justify = RANGE, "left"
    return table


def _by_sampling(rows: Sequence[Row]) -> list[Row]:
    """Name models whose answers were drawn in several ways by these, so that each is a column."""
    drawn: dict[str, set[str]] = {}
    for row in rows:
        drawn.setdefault(row["model"], set()).add(sampling_text(row.get("sampling") or {}))
    return [
        row
        if len(drawn[row["model"]]) == 1
        else {**row, "model": f"{row['model']}\n{sampling_text(row['sampling'])}"}
        for row in rows
    ]


def gap_table(found: Sequence[Row]) -> Table:
    """Return how far the models are from their base, over the problems that both have."""
    table = Table(title=f"Score against {found[0]['a']}, points of 7 (paired by problem)")
    table.title_justify = table.caption_justify = "left"
    table.add_column("model", overflow="fold")
    several = len({row["prompt"] for row in found}) > 1
    for title in ("prompt", "category") if several else ("category",):
        table.add_column(title)
    for title in ("gap", "95 %", "problems"):
        table.add_column(title, justify="right")
    for row in found:
        table.add_row(
            row["b"],
            *((row["prompt"],) if several else ()),
            row["category"],
            f"{row['difference']:+.2f}",
            "-" if row["ci_low"] is None else f"{row['ci_low']:+.2f} to {row['ci_high']:+.2f}",
            f"{row['problems']} of {row['of']}",
        )
    table.caption = (
        "Means over repetitions, Student's interval over problems; where it holds 0, the run shows "
        "no difference. `evalctl compare` tests, and says what it would take."
    )
    return table


def judged_table(judged: Sequence[Row], judge: str) -> Table:
    """Return the scores of rules + judge beside those of the rules alone."""
    table = Table(title=f"Step completeness out of 7: rules, and rules + {judge}")
    table.title_justify = table.caption_justify = "left"
    for title in ("model", "prompt", "category"):
        table.add_column(title)
    for title in ("rules", f"rules + {judge}", "coverage", "judged", "changed", "flagged"):
        table.add_column(title, justify="right")
    for row in judged:
        table.add_row(
            row["model"],
            row["prompt"],
            row["category"],
            _range(row["rules_score7"], row["rules_score7_high"]),
            _range(row["score7"], row["score7_high"]),
            f"{100 * row['coverage']:.0f} %",
            f"{row['judged']} of {row['repetitions']}",
            str(row["steps_changed"]),
            str(row["dones_flagged"]),
        )
    table.caption = (
        "changed: steps with another verdict than the rules'; flagged: steps that the rules found "
        "and the judge did not, which stay done. " + RANGE
    )
    return table


def unscored_table(unscored: Sequence[Row]) -> Table:
    """Return how many answers no score is made of, and why."""
    table = Table(title="Answers that are in no mean of scores", title_justify="left")
    for title in ("model", "prompt", "category", "ended by"):
        table.add_column(title)
    table.add_column("results", justify="right")
    for row in unscored:
        words = (row["model"], row["prompt"], row["category"], row["finish_reason"])
        table.add_row(*words, str(row["results"]))
    return table


def cache_tables(checks: Sequence[Row]) -> list[Table]:
    """Return a table of the models whose times may come from a prefix cache, where there are any.

    Those are models whose server does not report it, or took a prompt from its cache all the same.
    """
    rows = [row for row in checks if row["cached"] or row["unknown"] or row["suspected"]]
    if not rows:
        return []
    table = Table(title="Prompts that may come from a server's cache", title_justify="left")
    for title in ("model", "prompt", "mode"):
        table.add_column(title)
    for title in ("cached", "cache unknown", "first TTFT ms", "later TTFT ms"):
        table.add_column(title, justify="right")
    for row in rows:
        times = (_figure(row[key], None, 1, first=True) for key in _CACHE_TIMES)
        counts = (f"{row[key]} of {row['results']}" for key in ("cached", "unknown"))
        table.add_row(row["model"], row["prompt"], row["mode"], *counts, *times)
    if suspected := [row["model"] for row in rows if row["suspected"]]:
        names = ", ".join(dict.fromkeys(map(str, suspected)))
        table.caption_justify = "left"
        table.caption = (
            f"WARNING: {names}: repeated prompts begin to answer over 20 % sooner than first ones, "
            "as from a prefix cache. Turn the server's cache off, or ask each problem once."
        )
    return [table]


def resource_tables(resources: Sequence[Row], limits: Sequence[Row] = ()) -> list[Table]:
    """Return a table per prompt and mode: a line per figure, a column per model.

    A model with several configurations or environments has a column for each. ``limits`` are what
    probes found for these models on these GPUs; those of another run are named below the table.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in resources:
        groups.setdefault((row["prompt"], row["mode"]), []).append(row)
    return [_resources(prompt, mode, columns, limits) for (prompt, mode), columns in groups.items()]


def _resources(prompt: str, mode: str, columns: Sequence[Row], limits: Sequence[Row]) -> Table:
    """Return the resource table of one prompt and mode."""
    table = Table(title=f"Resources, prompt {prompt}, {mode} mode", min_width=50)
    table.title_justify = table.caption_justify = "left"
    table.add_column("")
    for column in columns:
        table.add_column(_column_title(column, columns), justify="right")
    host = {column["memory_kind"] for column in columns} == {"host"}
    for title, key, digits in RESOURCE_LINES:
        values = [column[key] for column in columns]
        if any(value is not None for value in values):
            shown = "host memory MiB (resident peak)" if host and key == "need_mib" else title
            table.add_row(shown, *_figures(values, digits))
    foreign = _add_limits(table, columns, limits)
    table.add_row("results", *(str(column["jobs"]) for column in columns), style="dim")
    if any(column["flagged"] for column in columns):
        table.add_row("flagged", *(str(column["flagged"]) for column in columns), style="dim")
    for word in sorted({word for column in columns for word in column["flag_counts"]}):
        counts = (str(column["flag_counts"].get(word, 0)) for column in columns)
        table.add_row(f"  {word}", *counts, style="dim")
    gpus = ", ".join(dict.fromkeys(column["gpu_name"] or "CPU" for column in columns))
    table.caption = f"Medians over problems of the medians over repetitions; {gpus}."
    if foreign:
        table.caption += f" Limits from other runs: {', '.join(dict.fromkeys(foreign))}."
    return table


def _add_limits(table: Table, columns: Sequence[Row], limits: Sequence[Row]) -> list[str]:
    """Add a line for each kind of limit and size of GPU; return which limits another run found."""
    foreign: list[str] = []
    wanted = {(limit["kind"], limit["memory_limit_mib"], limit["gpu"]): limit for limit in limits}
    order = list(LIMITS)
    for (kind, size, gpu), limit in sorted(wanted.items(), key=lambda one: order.index(one[0][0])):
        found = [_limit_of(column, limits, (kind, size, gpu)) for column in columns]
        if not any(found):
            continue
        emulated = " (emulated)" if limit["emulated"] else ""
        where = "" if size is None else f", {size / 1024:g} GiB{emulated}"
        most = [None if each is None else each["max_stable"] for each in found]
        table.add_row(f"{LIMITS[kind]}{where}", *_figures(most, 0))
        others = [each for each in found if each and not each["own"]]
        foreign += [f"{each['model']} {kind} from {each['run']}" for each in others]
    return foreign


def _limit_of(
    column: Row, limits: Sequence[Row], wanted: tuple[str, float | None, str | None]
) -> Row | None:
    for limit in limits:
        of = (limit["kind"], limit["memory_limit_mib"], limit["gpu"])
        if (
            limit["model"] == column["model"]
            and of == wanted
            and limit["gpu"] == column["gpu_name"]
        ):
            return limit
    return None


def _column_title(column: Row, columns: Sequence[Row]) -> str:
    """Name a model, and what distinguishes its columns where it has several."""
    others = [other for other in columns if other["model"] == column["model"]]
    title = str(column["model"])
    words = {"config_hash": "config", "environment_hash": "env", "memory_kind": "memory"}
    for key, word in words.items():
        if len({other[key] for other in others}) > 1:
            title += f"\n{word} {str(column[key])[:8]}"
    return title


def prompt_table(prompts: Sequence[Row]) -> Table:
    """Return what the step-constrained prompt adds to the score."""
    prompts = _by_sampling(prompts)
    table = Table(
        title="Effect of the step-constrained prompt on the score (out of 7)", title_justify="left"
    )
    for title in ("model", "category"):
        table.add_column(title)
    for title in ("plain", "stepwise", "uplift"):
        table.add_column(title, justify="right")
    for row in prompts:
        uplift = "-" if row["uplift_pct"] is None else f"{row['uplift_pct']:+.1f} %"
        table.add_row(
            row["model"], row["category"], f"{row['plain']:.2f}", f"{row['stepwise']:.2f}", uplift
        )
    return table


def concurrency_table(thresholds: Sequence[Row]) -> Table:
    """Return the limits that probes found, with per cent from the first like model."""
    table = Table(title="Largest stable level (below the first unstable one)", title_justify="left")
    for title in ("model", "GPU"):
        table.add_column(title)
    for title in ("max stable", "first failure"):
        table.add_column(title, justify="right")
    table.add_column("limited by")
    first: dict[tuple[Any, ...], Row] = {}
    for row in thresholds:
        key = (row["kind"], row["memory_limit_mib"], row["emulated"], row["gpu"])
        base = first.setdefault(key, row)
        stable = _figure(row["max_stable"], base["max_stable"], 0, first=row is base)
        failure = "-" if row["first_failure"] is None else f"{row['first_failure']:,}"
        most = f"{stable} {row['unit']}"
        table.add_row(row["model"], gpu_name(row), most, failure, _limited_by(row))
    return table


def _limited_by(row: Row) -> str:
    """Say what ended the searches, and their number where it is not one."""
    why = f"{row['limited_by']}: {row['reason']}" if row["reason"] else row["limited_by"]
    if row["searches"] == 1:
        return str(why)
    return f"{why} ({row['searches']} searches{'' if row['agreed'] else ', which disagree'})"


def result_tables(results: Mapping[str, Sequence[Row]], judge: str | None = None) -> list[Table]:
    """Return the tables that have rows; ``judge`` names whose verdicts ``judged`` holds."""
    makers: tuple[tuple[str, Callable[[Sequence[Row]], list[Table]]], ...] = (
        ("scores", lambda rows: [score_table(rows)]),
        ("gaps", lambda rows: [gap_table(rows)]),
        ("judged", lambda rows: [judged_table(rows, judge or "judge")]),
        ("unscored", lambda rows: [unscored_table(rows)]),
        ("resources", lambda rows: resource_tables(rows, results.get("limits", ()))),
        ("cache", cache_tables),
        ("prompts", lambda rows: [prompt_table(rows)]),
        ("concurrency", lambda rows: [concurrency_table(rows)]),
    )
    return [table for key, make in makers if results.get(key) for table in make(results[key])]


def gpu_name(row: Row) -> str:
    """Name a GPU, and the size where a smaller one was emulated on it."""
    name = row["gpu"] or "CPU"
    if row["memory_limit_mib"] is None:
        return name
    size = f"{row['memory_limit_mib'] / 1024:g} GiB"
    return f"{size} (emulated on {name})" if row["emulated"] else f"{size} of {name}"


def has_range(row: Row) -> bool:
    """Return whether undetermined steps could raise a score as shown."""
    return "-" in _range(row["score7"], row["score7_high"])


def _range(low: float, high: float) -> str:
    """Return a score, or from where to where it may lie."""
    shown = f"{low:.2f}", f"{high:.2f}"
    return shown[0] if shown[0] == shown[1] else "-".join(shown)


def _score_cell(row: Row | None) -> str:
    if row is None:
        return "-"
    spread = f"({row['score7_min']:.1f}..{row['score7_max']:.1f})"
    if not has_range(row):
        return f"{row['score7']:.2f} {spread}"
    # On three lines: two models still fit into 80 columns.
    return (
        f"{_range(row['score7'], row['score7_high'])}\n{spread}\ncov. {100 * row['coverage']:.0f} %"
    )


def _count_cell(by_model: Mapping[str, Row]) -> str:
    sizes = ((row["problems"], row["repetitions"] / row["problems"]) for row in by_model.values())
    shown = {f"{problems} x {repetitions:g}" for problems, repetitions in sizes}
    return ", ".join(sorted(shown))


def _figures(values: Sequence[float | None], digits: int) -> list[str]:
    """Return the cells of a line, those after the first with their difference from it."""
    base = values[0]
    return [_figure(value, base, digits, first=at == 0) for at, value in enumerate(values)]


def _figure(value: float | None, base: float | None, digits: int, *, first: bool) -> str:
    if value is None:
        return "-"
    shown = f"{value:,.{digits}f}"
    return shown if first or not base else f"{shown} ({100 * (value / base - 1):+.1f} %)"
