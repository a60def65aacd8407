"""The breakdown of results for people: what each number is made of, at 80 columns and more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from core.counts import counted
from reports.results.breakdown import RESERVATION, coverage
from reports.tables.resources import gpu_name

Row = Mapping[str, Any]

#: Figures in the order in which they are shown: key, title, digits.
FIGURES: tuple[tuple[str, str, int], ...] = (
    ("ttft_ms", "TTFT ms", 1), ("engine_ttft_ms", "  engine core", 1), ("hop_ms", "  hop", 2),
    ("ttfo_ms", "TTFO ms", 1), ("e2e_s", "E2E s", 3), ("tpot_ms", "TPOT ms", 3),
    ("tokens_per_s", "tokens/s", 1), ("output_tokens", "out tokens", 0),
    ("running_peak", "in flight", 0), ("queue_wait_s", "queue wait s", 3),
    ("need_mib", "need MiB", 1), ("nvml_peak_mib", "NVML peak MiB", 0),
    ("host_peak_mib", "resident MiB", 0), ("sm_clock_mhz", "GPU clock MHz", 0),
    ("power_w", "GPU power W", 0), ("temperature_c", "GPU temperature C", 0),
)  # fmt: skip
#: Figures of a probe's level: key, title, digits.
LEVEL: tuple[tuple[str, str, int], ...] = (
    ("ttft_p95_ms", "TTFT p95\nms", 1), ("e2e_p95_s", "E2E p95\ns", 2),
    ("tokens_per_s", "tokens/s", 1), ("peak_mib", "peak MiB", 0),
)  # fmt: skip
#: A need and the sum of its terms that differ by as much are not the same.
UNLIKE_MIB = 0.1
FEW = (
    "n, min, p10 and so on are over all results that count; the table's figures are medians over "
    "problems of the medians over repetitions. Few results say little: the range of 3 covers the "
    "true median with a probability of 75 %, of 5 with 93.75 %, of 6 with 96.9 %."
)
TIMES = (
    "TTFT: from submission to the first token as the worker sees it; the hop is the part outside "
    "the engine core's own stamps. TTFO: to the first token after thinking. None of them includes "
    "the queue wait."
)
TERMS = "context + weights + buffers + the larger activation + graphs + KV cache used"
NEED = f"Need = {TERMS}. {RESERVATION}"


HOST_MEMORY = (
    "Memory: on a CPU the need is the peak resident memory of the engine's processes, without "
    "separate terms."
)
RESERVED = "The NVML peak of the same job, for the whole GPU and with everything that is reserved:"


def explained(document: Mapping[str, Any], tables: Collection[str] = ()) -> list[RenderableType]:
    """Return the explanation of a run part by part, only of ``tables`` where some are given."""
    parts: list[RenderableType] = []
    if not tables or "resources" in tables:
        parts += [part for line in document["resources"] for part in _line(line)]
        parts += [_difference(row) for row in document["differences"]]
        if document["resources"]:
            notes = (Padding(Text(note), (0, 0, 0, 2)) for note in (FEW, TIMES, NEED))
            parts += [Text("\nHow to read it", style="bold"), *notes]
    if not tables or "concurrency" in tables:
        parts += [part for limit in document["concurrency"] for part in _limit(limit)]
    # What was imported was not started here.
    here = [row for row in document["boots"] if row["start_s"] is not None]
    if parts and here:
        starts = map(_start, here)
        parts += [Text("\nEngine starts", style="bold"), *starts]
    return parts


def _line(line: Row) -> list[RenderableType]:
    heading = Text(f"\n{line['model']}, prompt {line['prompt']}, {line['mode']} mode", style="bold")
    made = ", ".join(f"{each['results']} by start {each['boot_id']}" for each in line["starts"])
    facts = [
        ("config", line["config_hash"]),
        ("environment", line["environment_hash"]),
        (
            "results",
            f"{line['jobs']} count, of {counted(line['problems'], 'problem')}; made: {made}",
        ),
        ("flagged", _flagged(line)),
        ("repetitions", _repetitions(line["repetitions"])),
    ]
    parts: list[RenderableType] = [heading, _facts(facts), *_times(line["figures"])]
    return [*parts, *_memory(line)]


def _flagged(line: Row) -> str:
    if not line["flagged"]:
        return "none"
    used = sum(each["used"] for each in line["starts"])
    every = sum(each["results"] for each in line["starts"])
    fate = "left out of every figure" if used < every else "included on request"
    words = ", ".join(f"{count} {word}" for word, count in sorted(line["flag_counts"].items()))
    return f"{line['flagged']} ({words}), {fate}"


def _repetitions(repetitions: Row) -> str:
    fewest, most = repetitions["fewest"], repetitions["most"]
    if not most:
        return "no result counts"
    several = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    covered = " to ".join(f"{100 * coverage(number):.4g}" for number in sorted({fewest, most}))
    range_covers = f"their range covers its true median with a probability of {covered} %"
    return f"{several} per problem: {range_covers}"


def _times(figures: Mapping[str, Row]) -> list[RenderableType]:
    if not figures:
        return []
    table = _table("", "n", "min", "p10", "median", "p90", "max")
    for key, title, digits in FIGURES:
        if found := figures.get(key):
            cuts = (f"{found[cut]:,.{digits}f}" for cut in ("min", "p10", "median", "p90", "max"))
            table.add_row(title, f"{found['n']:,}", *cuts)
    return [Padding(table, (1, 0, 0, 2))]


def _memory(line: Row) -> list[RenderableType]:
    example = line["example"]
    which = f"job {example['job_id']} ({example['problem']}, repetition {example['repetition']})"
    if line["memory_kind"] == "host":
        return [_prose(HOST_MEMORY)]
    if line["memory_kind"] is None:
        return [_prose("Memory: not visible for this engine.")]
    heading = f"The need of {which}, the median one{'' if example['used'] else '; it is flagged'}:"
    terms = _terms(example["need"], "= need MiB", example["need_mib"])
    parts: list[RenderableType] = [_prose(heading), terms]
    stored, added = example["need_mib"], example["need_sum_mib"]
    if stored is not None and added is not None and abs(stored - added) >= UNLIKE_MIB:
        sums = f"the terms add up to {added:,.1f} MiB, but the stored need is {stored:,.1f}."
        parts.append(_prose(f"Do not trust it: {sums}"))
    if len(example["gpus"]) > 1:
        parts.append(_prose(_each_gpu(example)))
    if example["peak"]:
        terms = _terms(example["peak"], "= NVML peak MiB", example["nvml_peak_mib"])
        parts += [_prose(RESERVED), terms]
    return parts


def _each_gpu(example: Row) -> str:
    """Return what each GPU of the group needed and held, and all of them together."""
    each = "; ".join(
        f"GPU {gpu['gpu']} needed {_mib(gpu['need_mib'])}, NVML peak {_mib(gpu['nvml_peak_mib'])}"
        for gpu in example["gpus"]
    )
    return f"{each}. All together needed {_mib(example['need_all_gpus_mib'])}."


def _mib(mib: float | None) -> str:
    return "unknown" if mib is None else f"{mib:,.0f} MiB"


def _terms(terms: Iterable[Row], name: str, total: float | None) -> RenderableType:
    table = _table("", "MiB", "from", left=("from",))
    for term in terms:
        counts = term.get("counts", True)
        mib = "NULL" if term["mib"] is None else f"{term['mib']:,.1f}"
        source = term["source"]
        if counts:
            table.add_row(f"  {term['term']}", mib, source)
        else:
            unused = "" if term["mib"] is None else "; the smaller one, not added"
            table.add_row(f"  ({term['term']})", f"({mib})", f"{source}{unused}")
    unknown = "" if total is not None else "a term is unknown, and so is the sum"
    table.add_row(name, "NULL" if total is None else f"{total:,.1f}", unknown, style="bold")
    return Padding(table, (0, 0, 0, 2))


def _difference(row: Row) -> RenderableType:
    kinds = ("config", "environment")
    found = [(what, key, values) for what in kinds for key, values in row[what].items()]
    unlike = [f"{what} {key}: {' / '.join(map(str, values))}" for what, key, values in found]
    shown = "; ".join(unlike) or "nothing that their starts report"
    where = f"prompt {row['prompt']} in {row['mode']} mode"
    said = (
        f"{row['model']} has {counted(row['lines'], 'line')} for {where}; no median combines them."
    )
    return Padding(Text(f"{said} They differ in {shown}."), (1, 0, 0, 0))


def _start(row: Row) -> RenderableType:
    config, facts, environment = row["config"], row["backend_facts"], row["environment"]
    profile = row["profile_boot_id"]
    kind = row["kind"] if profile is None else f"{row['kind']}, profile: start {profile}"
    named = [name for name in ("torch", "driver", "cuda_driver") if name in environment]
    versions = [f"{name} {environment[name]}" for name in named]
    place = row["gpu_name"] or environment.get("cpu_model")
    places = [place, row["gpu_uuid"], f"worker {row['worker']}"]
    backends = {
        "attention": facts.get("attention_backend", config.get("attention_backend")),
        "linear kernel": facts.get("linear_kernel", config.get("linear_kernel")),
        "sampler": facts.get("sampler", config.get("sampler")),
        "runner": facts.get("model_runner"),
        "graphs": facts.get("cudagraph_mode"),
    }
    sizes = config.get("cudagraph_capture_sizes")
    said = [f"{name} {value}" for name, value in backends.items() if value]
    if sizes:
        said.append(f"graph sizes {', '.join(str(size) for size in sizes)}")
    ready = f"{kind}; ready after {row['start_s']:.1f} s; {_warm_up(row['warm_up'])}"
    lines = (
        f"{row['model']}: {ready}",
        "; ".join([row["engine_version"], *versions]),
        "; ".join(place for place in places if place),
        "; ".join(said) or "no backend reported",
        f"config {row['config_hash'][:12]}, environment {row['environment_hash'][:12]}",
    )
    names = (f"start {row['boot_id']}", "", "", "", "")
    return Padding(_facts(zip(names, lines, strict=True)), (0, 0, 0, 0))


def _warm_up(warm_up: Row) -> str:
    requests = warm_up.get("requests")
    if not requests:
        return "no warm-up"
    # None and not missing: the clock was sampled, and limited.
    held = ", clock limited" if warm_up.get("clock_free_s", 0.0) is None else ""
    settled = "settled" if warm_up.get("settled") else "not settled"
    return f"{requests} warm-up requests, {settled}{held}"


def _limit(limit: Row) -> list[RenderableType]:
    heading = Text(f"\n{limit['model']}, {limit['unit']} on {gpu_name(limit)}", style="bold")
    stable, failure = limit["max_stable"], limit["first_failure"]
    lower = "none of the levels tried is stable" if stable is None else f"stable up to {stable:,}"
    upper = "every level tried was stable" if failure is None else f"not stable at {failure:,}"
    agreed = ", which agree" if limit["agreed"] else ", which disagree: the smallest counts"
    bound, reason = limit["analytic_bound"], f" ({limit['reason']})" if limit["reason"] else ""
    calculated = "unknown" if bound is None else f"{bound:,.0f} from the size of the KV cache"
    said = dict.fromkeys(point["sentence"] for point in limit["points"] if point["sentence"])
    facts = [
        ("bracket", f"{lower}, {upper}"),
        ("limited by", f"{limit['limited_by']}{reason}"),
        ("calculated", calculated),
        ("searches", f"{limit['searches']}{'' if limit['searches'] == 1 else agreed}"),
        *(("message", sentence) for sentence in said),
    ]
    shown = [one for one in LEVEL if any(point[one[0]] is not None for point in limit["points"])]
    titles = (title for _, title, _ in shown)
    table = _table("search", "level", "stable", "reason", *titles, left=("reason",))
    for point in limit["points"]:
        state = "" if point["state"] == "succeeded" else f" ({point['state']})"
        trials = f"{point['stable']}/{point['trials']}"
        figures = (_figure(point[key], places) for key, _, places in shown)
        what = (f"{point['search']}{state}", f"{point['level']:,}", trials, point["reason"] or "")
        table.add_row(*what, *figures)
    return [heading, _facts(facts), Padding(table, (1, 0, 0, 2))]


def _table(*titles: str, left: Sequence[str] = ()) -> Table:
    """Return a table without lines; the first column and ``left`` are left-aligned."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for place, title in enumerate(titles):
        wraps = title in left
        side: Literal["left", "right"] = "left" if wraps or place == 0 else "right"
        table.add_column(title, justify=side, no_wrap=not wraps, overflow="fold")
    return table


def _facts(facts: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(f"  {name}", Text(value))
    return table


def _prose(sentence: str) -> RenderableType:
    return Padding(Text(sentence), (1, 0, 0, 2))


def _figure(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"
