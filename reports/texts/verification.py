"""The marks of a verification for people: a table, and a line that counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from core.counts import counted
from scoring.verification.marks import MARKS, SIGNS, SPOKEN, Mark, MarkedStep

COLOURS: dict[Mark, str] = {
    "consistent": "green", "needs_premise": "yellow", "wrong": "red", "unverified": "bright_black",
}  # fmt: skip


def marks_table(steps: Sequence[MarkedStep]) -> Table:
    """Return a table with a row for each step; it fits 80 columns."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    table.add_column("step", justify="right", no_wrap=True)
    table.add_column("mark", no_wrap=True)
    table.add_column("by", no_wrap=True)
    table.add_column("text", overflow="fold", ratio=1)
    for step in steps:
        shown = Text(" ".join(step.text.split()))
        if step.reason and step.mark != "consistent":
            shown.append(f"\n{step.reason}", style=COLOURS[step.mark])
        mark = Text(f"{SIGNS[step.mark]} {SPOKEN[step.mark]}", style=COLOURS[step.mark])
        table.add_row(str(step.index), mark, step.by or "-", shown)
    return table


def marks_line(steps: Sequence[MarkedStep]) -> str:
    """Return how many steps have each mark, and how many of all computation could read."""
    counts = Counter(step.mark for step in steps)
    said = ", ".join(f"{counts[mark]} {SPOKEN[mark]}" for mark in MARKS)
    parsed = sum(step.parsed for step in steps)
    return f"{counted(len(steps), 'step')}: {said}; computation could check {parsed}"


def bench_lines(document: Mapping[str, Any]) -> Iterator[Table | str]:
    """Yield what one half of the verification bench shows: a table of kinds, then its rates."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("fault", no_wrap=True)
    for heading in ("planted", "parsed", "caught", "of parsed", "of all"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in (*document["faults"], document["calculation"]):
        named = "the first three" if row["kind"] == "calculation" else row["kind"].replace("_", " ")
        table.add_row(
            named, str(row["n"]), str(row["parsed"]), str(row["caught"]),
            _percent(row["rate_parsed"]), _percent(row["rate"]),
            end_section=row["kind"] == "missing_case",
        )  # fmt: skip
    yield table
    yield (
        f"{counted(document['problems'], 'problem')}, "
        f"{counted(document['answers'], 'right answer')}, "
        f"{document['steps']} untouched steps: {_percent(document['parsed_share'])} parsed, "
        f"{_percent(document['unverified_share'])} unverified, "
        f"{_alarms(document['false_alarms'])} ({_percent(document['false_alarm_rate'])})"
    )
    took = document["latency_ms"]
    yield f"computation alone: p50 {took['p50']} ms, p95 {took['p95']} ms a step"


def _alarms(count: int) -> str:
    return counted(count, "false alarm")


def column_lines(document: Mapping[str, Any], model: str) -> Iterator[Table | str]:
    """Yield catch rates by kind for computation, a model and both, then what they cost.

    The last column is a verifier that calls every step wrong. It fits 80 columns.
    """
    own = [document[name] for name in ("computation", "model", "both")]
    constant = document["constant"]["always_wrong"]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("caught of fault", no_wrap=True)
    for heading in ("n", "computed", "model", "both", "always ✗"):
        table.add_column(heading, justify="right", no_wrap=True)
    kinds = [*(row["kind"] for row in own[0]["faults"]), "calculation"]
    for kind in kinds:
        rows = [_of_kind(one, kind) for one in own]
        table.add_row(
            "the first three" if kind == "calculation" else kind.replace("_", " "),
            str(rows[0]["n"]), *(_percent(row["rate"]) for row in rows),
            _percent(constant["false_alarm_rate"]) if rows[0]["n"] else "-",
            end_section=kind in ("missing_case", "calculation"),
        )  # fmt: skip
    for said, key in (
        ("false alarms", "false_alarm_rate"), ("could be read", "parsed_share"),
        ("unverified", "unverified_share"),
    ):  # fmt: skip
        last = constant.get(key)
        table.add_row(
            said, str(own[0]["steps"]), *(_percent(one[key]) for one in own),
            "-" if last is None else _percent(last),
        )  # fmt: skip
    for at in ("p50", "p95"):
        took = (one["latency_ms"][at] for one in own)
        table.add_row(f"{at} of a step, ms", "", *(_ms(value) for value in took), "0")
    yield table
    for said, one in zip(("computation", model, "both"), own, strict=True):
        yield f"{said}: {_against_constant(one['above_constant'])}"
    yield (
        "Points: caught of the first three minus false alarms. A verifier that says the same of "
        "every step has 0."
    )
    if own[1]["late"]:
        yield f"{model} gave no label within the deadline for {own[1]['late']} untouched steps"


def _of_kind(column: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    rows: list[Mapping[str, Any]] = [*column["faults"], column["calculation"]]
    return next(row for row in rows if row["kind"] == kind)


def _against_constant(above: Mapping[str, float] | None) -> str:
    """Return how far a verifier is above one that marks steps whatever they say."""
    if above is None:
        return "no fault of calculation to compare with a constant verifier"
    points = f"{100 * above['difference']:+.1f}"
    between = f"{100 * above['ci_low']:+.1f} to {100 * above['ci_high']:+.1f}"
    better = "better than" if above["ci_low"] > 0 else "no better than"
    return f"{better} a constant verifier, {points} points ({between})"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def protocol_lines(
    document: Mapping[str, Mapping[str, Any]], published: Mapping[str, float]
) -> Iterator[Table | str]:
    """Yield scores by ProcessBench's protocol, then published ones over all its files."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("verifier", no_wrap=True)
    for heading in ("F1", "wrong rows", "named", "right rows", "accepted"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, row in document.items():
        table.add_row(
            name.replace("_", " "), _percent(row["f1"]), str(row["rows_wrong"]),
            _percent(row["accuracy_wrong"]), str(row["rows_right"]),
            _percent(row["accuracy_right"]),
        )  # fmt: skip
    yield table
    own = document["computation"]
    yield (
        f"computation: {_alarms(own['false_alarms'])} on {counted(own['right_steps'], 'step')} "
        f"before the first wrong one ({_percent(own['false_alarm_rate'])}), "
        f"{_percent(own['parsed_share'])} of them could be checked"
    )
    yield "Published averages over its four files: " + ", ".join(
        f"{name} {share:.1f}" for name, share in published.items()
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
