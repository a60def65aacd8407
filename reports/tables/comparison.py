"""A comparison for people: metrics with intervals, verdicts with reasons, flips; at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from comparison.metrics import METRICS
from core.counts import counted
from reports.tables.layout import folded, lean_table, legend

Row = Mapping[str, Any]

#: Columns that fit a terminal of any size.
WIDTH = 80
#: From here on figures have no decimals.
WHOLE = 100
READING = (
    "Differences are B - A with their 95 % interval; of times, rates and memory in %. p: "
    "adjusted over all metrics (Holm). sees: the smallest difference that this comparison finds "
    "with a probability of 80 %. " + legend("of 7", "TTFT", "TPOT", "E2E", "need", "NVML")
)
#: Metrics shown by category; others only where a difference was found.
BY_CATEGORY = ("score7", "score7_high", "answer_correct")


def comparison_parts(document: Row, *, flips: bool = False) -> list[RenderableType]:
    """Return the parts of the document of ``evalctl compare``; ``flips`` shows their answers."""
    parts: list[RenderableType] = []
    several = len(document["comparisons"]) > 1
    for head in document["comparisons"]:
        parts += _one(head, document, flips=flips)
    if document["metrics"]:
        parts.append(_wrapped(READING, style="dim"))
    if several:
        parts.append(Text(""))
        parts.append(verdict_line(document["verdict"], forced=document["forced"]))
    return parts


def verdict_line(verdict: str, *, forced: bool = False) -> Text:
    """Return the verdict in one line, FORCED where metrics were not comparable."""
    style = {"pass": "green", "block": "red", "warn": "yellow", "inconclusive": "yellow"}[verdict]
    said = f"FORCED {verdict.upper()}" if forced else verdict.upper()
    return Text(f"verdict: {said}", style=f"bold {style}")


def _one(head: Row, document: Row, *, flips: bool) -> Iterator[RenderableType]:
    def of_this(row: Row) -> bool:
        return bool(row["model_a"] == head["a"]["model"] and row["model_b"] == head["b"]["model"])

    metrics = [row for row in document["metrics"] if of_this(row)]
    yield Text(f"A: {_name(head['a'])}", style="bold")
    yield Text(f"B: {_name(head['b'])}", style="bold")
    yield from _notes(head)
    yield _table("All problems", [row for row in metrics if row["category"] is None])
    for category in dict.fromkeys(row["category"] for row in metrics if row["category"]):
        of_category = [row for row in metrics if row["category"] == category]
        yield _table(category, [row for row in of_category if _worth_showing(row)])
    yield from _flips([row for row in document["flips"] if of_this(row)], head, shown=flips)
    yield Text("")
    yield verdict_line(head["verdict"], forced=head["forced"])
    for row in document["rules"]:
        if of_this(row):
            yield _rule(row)
    if tries := head["tries"]:
        yield _wrapped(_tries(tries))
    yield Text("")


def _name(side: Row) -> str:
    prompt = "" if side["prompt"] is None else f", prompt {side['prompt']}"
    judge = "" if side["judge"] is None else f", rules + {side['judge']}"
    return f"{side['model']}, run {side['name']}{prompt}{judge}"


def _notes(head: Row) -> Iterator[RenderableType]:
    if head["same_results"]:
        yield Text("A and B are the same results: there is no difference.")
    unpaired = head["unpaired"]
    if unpaired["a"] or unpaired["b"]:
        yield _wrapped(
            f"Paired: {counted(head['problems'], 'problem')}; without a partner: "
            f"{counted(unpaired['a'], 'result')} of A, {unpaired['b']} of B."
        )
    for refusal in head["refusals"]:
        what = "compared all the same" if head["forced"] else "not compared"
        touched = ", ".join(refusal["touches"])
        yield _wrapped(f"{touched}: {what}. {_sentence(refusal['reason'])}", style="yellow")


def _table(name: str, rows: Sequence[Row]) -> Table:
    compared = [row for row in rows if not row["refused"] and not _repeats(row, rows)]
    sizes = sorted({row["n"] for row in compared})
    number = "no" if not sizes else "-".join(str(n) for n in dict.fromkeys((sizes[0], sizes[-1])))
    figures = ("A", "B", "B - A", "95 % interval", "p", "sees", "")
    table = lean_table(f"{name} ({number} paired)", ("metric",), figures)
    table.columns[0].no_wrap = True
    table.title_style = "bold"
    for row in compared:
        table.add_row(*_cells(row))
    return table


def _worth_showing(row: Row) -> bool:
    return row["metric"] in BY_CATEGORY or row["finding"] not in {None, "no difference"}


def _repeats(row: Row, rows: Sequence[Row]) -> bool:
    """Whether a bound says the same as its metric: nothing is undetermined."""
    bounds = METRICS[row["metric"]].bounds
    return any(
        row["a"] == other["a"] and row["b"] == other["b"] and row["ci_low"] == other["ci_low"]
        for other in rows
        if other["metric"] == bounds
    )


def _cells(row: Row) -> list[str | Text]:
    metric = METRICS[row["metric"]]
    digits = 1 if metric.log_ratio else metric.digits
    unit = " %" if metric.log_ratio else ""
    low, high = row["ci_low"], row["ci_high"]
    word = row["finding"] if row["finding"] != "no difference" else ""
    style = {"worse": "red", "better": "green"}.get(word or "", "")
    return [
        metric.label,
        _number(row["a"], metric.digits),
        _number(row["b"], metric.digits),
        _signed(row["difference"], digits) + unit,
        "-" if low is None else f"{_signed(low, digits)} .. {_signed(high, digits)}",
        "-" if row["p_value"] is None else _p(row["p_value"]),
        _number(row["smallest_effect"], digits),
        Text(word or "", style=style),
    ]


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits if abs(value) < WHOLE else 0}f}"


def _signed(value: float | None, digits: int) -> str:
    if value is None:
        return "-"
    digits = digits if abs(value) < WHOLE else 0
    rounded = round(value, digits) + 0.0  # No "-0.00".
    return f"{rounded:+,.{digits}f}"


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _rule(row: Row) -> Text:
    where = "" if row["category"] is None else f" of {row['category']} problems"
    tier = "" if row["tier"] == "block" else " (warns only)"
    text = f"  {row['metric']}{where}{tier}: {row['verdict'].upper()}, {row['why']}"
    return _wrapped(text + _needs(row), indent="    ")


def _tries(tries: Sequence[Row]) -> str:
    listed = ", ".join(
        f"{row['run']} {'FORCED ' if row['forced'] else ''}{row['verdict'].upper()}"
        for row in tries
    )
    return (
        f"This is try {len(tries) + 1} of this gate: runs of the same experiment were compared "
        f"with A before ({listed}). Each try is another test, with another chance to pass by luck."
    )


def _needs(row: Row) -> str:
    if row["verdict"] != "inconclusive" or "cross" not in row["why"]:
        return ""
    problems, repetitions = row["problems_needed"], row["repetitions_needed"]
    ways = [counted(problems, "problem")] if problems else []
    ways += [counted(repetitions, "repetition")] if repetitions else []
    if not ways:
        return "; the difference lies so close to it that no number of problems would decide"
    only = "" if repetitions else "; repetitions alone would not"
    return f"; if the difference stays, {' or '.join(ways)} would decide{only}"


def _flips(rows: Sequence[Row], head: Row, *, shown: bool) -> Iterator[RenderableType]:
    lost = sum(row["change"] == "lost" for row in rows)
    moved = f"{counted(head['answers_fell'], 'problem')} fell and {head['answers_rose']} rose"
    yield _wrapped(
        f"Final answers: {lost} lost, {len(rows) - lost} won; over repetitions {moved}, "
        f"p {_p(head['flips_p_value'])} (exact binomial)"
    )
    if rows and not shown:
        yield Text("  --flips shows both answers of each", style="dim")
    for row in rows if shown else ():
        yield Text("")
        yield _flip(row)


def _flip(row: Row) -> RenderableType:
    prompt = f", {row['prompt']}" if row["prompt"] else ""
    title = Text(f"{row['change']}: {row['problem']} ({row['category']}{prompt})", style="bold")
    panels = [
        Panel(
            Text(str(row[side].get("text", "")).strip() or "(no text)"),
            title=f"{side.upper()}: right {row[side]['right']} of {row[side]['of']}",
            width=WIDTH // 2 - 1,
        )
        for side in ("a", "b")
    ]
    return Group(title, Columns(panels, padding=(0, 1)))


def _wrapped(text: str, *, style: str = "", indent: str = "") -> Text:
    """Return prose in lines that fit, however wide the console is."""
    return Text("\n".join(folded(text, WIDTH, indent)), style=style)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
