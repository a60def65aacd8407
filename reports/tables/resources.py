"""The tables of time and memory: a line per model, each figure with its distance from the first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

from core.states import Mode
from reports.results.flags import left_out_sentences
from reports.results.line_settings import setting_lines
from reports.tables.layout import add_named_row, lean_table, legend

Row = Mapping[str, Any]
#: Columns: title, key of the view, digits, the word for the legend. Those without any figure are
#: left out.
TIMES: tuple[tuple[str, str, int, str], ...] = (
    ("TTFT\nms", "ttft_ms", 1, "TTFT"), ("TTFO\nms", "ttfo_ms", 1, "TTFO"),
    ("E2E\ns", "e2e_s", 2, "E2E"), ("TPOT\nms", "tpot_ms", 2, "TPOT"),
    ("tok/s\neach", "tokens_per_s", 1, "tok/s"), ("tok/s\nengine", "total_tokens_per_s", 1, ""),
    ("out\ntokens", "output_tokens", 0, ""),
)  # fmt: skip
MEMORY: tuple[tuple[str, str, int, str], ...] = (
    ("need\nMiB", "need_mib", 0, "need"),
    ("NVML peak\nMiB", "nvml_peak_mib", 0, "NVML"),
)
#: What a larger limit counts, by the kind of the probe.
LIMITS = {"sequences": "sequences", "instances": "engines", "context": "context\ntokens"}
#: Engine whose times and hardware are those of another host.
REMOTE = "openai"
#: Engine that only sends written answers: nothing of it is measured.
REPLAY = "replay"
_CACHE_TIMES = ("first_ttft_ms", "later_ttft_ms")


def resource_tables(
    resources: Sequence[Row], limits: Sequence[Row] = (), *, flagged_counted: bool = False
) -> list[Table]:
    """Return a table of times and one of memory per prompt and mode: a line per model.

    A model with several configurations or environments has a line for each. ``limits`` are what
    probes found for these models on these GPUs; those of another run are named below the table.
    ``flagged_counted`` says that flagged results are in the medians.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in resources:
        if row.get("engine") == REPLAY:
            continue
        groups.setdefault((row["prompt"], row["mode"]), []).append(row)
    return [
        table
        for (prompt, mode), lines in groups.items()
        for table in (
            _times(f"prompt {prompt}, {mode} mode", lines, flagged_counted=flagged_counted),
            *_memory(f"prompt {prompt}, {mode} mode", lines, limits),
        )
    ]


def _times(what: str, lines: Sequence[Row], *, flagged_counted: bool) -> Table:
    columns = [one for one in TIMES if any(row[one[1]] is not None for row in lines)]
    table = lean_table(f"Times, {what}", ("model",), [*(one[0] for one in columns), "n"])
    for row in lines:
        cells = [_figure(row[key], lines[0][key], digits, first=row is lines[0])
                 for _title, key, digits, _word in columns]  # fmt: skip
        add_named_row(table, (_title(row, lines),), (*cells, str(row["jobs"])))
    words = [word for _title, _key, _digits, word in columns if word]
    said = [f"{legend(*words)}"] if words else []
    said.append(
        f"n: results, medians over repetitions, then problems; %: from the first; {_where(lines)}."
    )
    table.caption = " ".join([*said, *left_out_sentences(lines, counted=flagged_counted)])
    return table


def _where(lines: Sequence[Row]) -> str:
    """Say where the times were taken: on which device, or from the client of a server."""
    devices = dict.fromkeys(
        row["gpu_name"] or "CPU" for row in lines if row.get("engine") != REMOTE
    )
    remote = dict.fromkeys(row["model"] for row in lines if row.get("engine") == REMOTE)
    parts = [f"on {', '.join(devices)}"] if devices else []
    if remote:
        whose = f"of {', '.join(remote)} " if devices else ""
        parts.append(
            f"times {whose}are as the client saw them, the network included, and the server's "
            "hardware is not known"
        )
    return "; ".join(parts)


def _memory(what: str, lines: Sequence[Row], limits: Sequence[Row]) -> Iterator[Table]:
    """Yield the table of memory and limits, where there is any figure of it."""
    columns = [one for one in MEMORY if any(row[one[1]] is not None for row in lines)]
    kinds = _limits_of(lines, limits)
    if not columns and not kinds:
        return
    host = {row["memory_kind"] for row in lines if row["need_mib"] is not None} == {"host"}
    names = {"need\nMiB": "resident\nMiB"} if host else {}
    titles = [names.get(one[0], one[0]) for one in columns]
    table = lean_table(f"Memory, {what}", ("model",), [*titles, *map(_limit_title, kinds)])
    for row in lines:
        first = row is lines[0]
        cells = [_figure(row[key], lines[0][key], digits, first=first)
                 for _title, key, digits, _word in columns]  # fmt: skip
        most = [[_most(one, limits, kind) for one in (row, lines[0])] for kind in kinds]
        cells += [_figure(mine, base, 0, first=first) for mine, base in most]
        add_named_row(table, (_title(row, lines),), cells)
    words = [word for _title, _key, _digits, word in columns]
    said = [legend(*words)] if words and not host else []
    said += ["resident: memory that the engine's processes hold on this host."] if host else []
    said += ["max: the largest level that a probe found stable."] if kinds else []
    foreign = dict.fromkeys(
        f"{limit['kind']} from {limit['run']}"
        for row in lines
        for kind in kinds
        if (limit := _limit(row, limits, kind)) and not limit["own"]
    )
    said += [f"Limits from other runs: {', '.join(foreign)}."] if foreign else []
    table.caption = " ".join(said)
    yield table


Kind = tuple[str, float | None, str | None, bool]


def _limits_of(lines: Sequence[Row], limits: Sequence[Row]) -> list[Kind]:
    """Return the kinds of limit, size and GPU that any line has, in their order."""
    order = list(LIMITS)
    known = {
        (limit["kind"], limit["memory_limit_mib"], limit["gpu"]): bool(limit["emulated"])
        for limit in limits
    }
    kinds = [(*key, emulated) for key, emulated in known.items()]
    kinds = [kind for kind in kinds if any(_limit(row, limits, kind) for row in lines)]
    return sorted(kinds, key=lambda kind: order.index(kind[0]))


def _limit_title(kind: Kind) -> str:
    name, size, _gpu, emulated = kind
    where = "" if size is None else f"\n{size / 1024:g} GiB{' emul.' if emulated else ''}"
    return f"max {LIMITS[name]}{where}"


def _limit(row: Row, limits: Sequence[Row], kind: Kind) -> Row | None:
    for limit in limits:
        same = (limit["kind"], limit["memory_limit_mib"], limit["gpu"]) == kind[:3]
        if same and limit["model"] == row["model"] and limit["gpu"] == row["gpu_name"]:
            return limit
    return None


def _most(row: Row, limits: Sequence[Row], kind: Kind) -> float | None:
    limit = _limit(row, limits, kind)
    return None if limit is None else limit["max_stable"]


def _title(row: Row, lines: Sequence[Row]) -> str:
    """Name a model, and what distinguishes its lines where it has several."""
    others = [other for other in lines if other["model"] == row["model"]]
    named = setting_lines(row.get("settings", {}))
    title = "\n".join([str(row["model"]), *(named or ())])
    words = {"memory_kind": "memory"}
    if named is None:
        words = {"config_hash": "config", "environment_hash": "env", **words}
    for key, word in words.items():
        if len({other[key] for other in others}) > 1:
            title += f"\n{word} {str(row[key])[:8]}"
    return title


def _figure(value: float | None, base: float | None, digits: int, *, first: bool) -> str:
    """Return a figure, and on a line below it how far it is from the first one."""
    if value is None:
        return "-"
    shown = f"{value:,.{digits}f}"
    if first or not base:
        return shown
    change = 100 * (value / base - 1)
    return f"{shown}\n{change:+.{1 if abs(change) < 10 else 0}f} %"


def cache_tables(checks: Sequence[Row]) -> list[Table]:
    """Return a table of the models whose times may come from a prefix cache, where there are any.

    Those are models whose server does not report it, or took a prompt from its cache all the same.
    Only a report is worth a warning: later answers may be sooner for another reason.
    """
    rows = [row for row in checks if row["cached"] or row["unknown"]]
    if not rows:
        return []
    table = lean_table(
        "Prompts that may come from a server's cache",
        ("model", "prompt", "mode"),
        ("cached", "cache\nunknown", "first\nTTFT ms", "later\nTTFT ms"),
    )
    for row in rows:
        # In throughput mode both are times in a queue.
        shown = (row[key] if row["mode"] == Mode.LATENCY else None for key in _CACHE_TIMES)
        times = (_figure(time, None, 1, first=True) for time in shown)
        counts = (f"{row[key]} of\n{row['results']}" for key in ("cached", "unknown"))
        add_named_row(table, (row["model"], row["prompt"], row["mode"]), (*counts, *times))
    said = []
    if cached := _models_of(row for row in rows if row["cached"]):
        said.append(
            f"WARNING: {cached}: the server took prompts from its cache; these results are flagged."
            " Turn its cache off, or ask each problem once."
        )
    if sooner := _models_of(row for row in rows if row["suspected"] and row["unknown"]):
        said.append(
            f"{sooner}: the server does not report what came from its cache, and repeated prompts "
            "begin to answer over 20 % sooner than first ones."
        )
    table.caption = " ".join(said) or None
    return [table]


def _models_of(rows: Iterable[Row]) -> str:
    return ", ".join(dict.fromkeys(str(row["model"]) for row in rows))


def concurrency_table(thresholds: Sequence[Row]) -> Table:
    """Return the limits that probes found, with per cent from the first like model."""
    table = lean_table(
        "Largest stable level (below the first unstable one)",
        ("model", "GPU", "limited by"),
        ("max stable", "first\nfailure"),
    )
    first: dict[tuple[Any, ...], Row] = {}
    for row in thresholds:
        key = (row["kind"], row["memory_limit_mib"], row["emulated"], row["gpu"])
        base = first.setdefault(key, row)
        stable = _figure(row["max_stable"], base["max_stable"], 0, first=row is base)
        stable, *change = stable.split("\n")
        most = "\n".join([f"{stable} {row['unit']}", *change])
        failure = "-" if row["first_failure"] is None else f"{row['first_failure']:,}"
        names = (row["model"], gpu_name(row), _limited_by(row))
        add_named_row(table, names, (most, failure))
    return table


def _limited_by(row: Row) -> str:
    """Say what ended the searches, and their number where it is not one."""
    why = f"{row['limited_by']}: {row['reason']}" if row["reason"] else row["limited_by"]
    if row["searches"] == 1:
        return str(why)
    return f"{why} ({row['searches']} searches{'' if row['agreed'] else ', which disagree'})"


def gpu_name(row: Row) -> str:
    """Name a GPU, and the size where a smaller one was emulated on it."""
    name = row["gpu"] or "CPU"
    if row["memory_limit_mib"] is None:
        return str(name)
    size = f"{row['memory_limit_mib'] / 1024:g} GiB"
    return f"{size} (emulated on {name})" if row["emulated"] else f"{size} of {name}"
