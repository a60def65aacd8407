"""A pipeline for people: a run's marks in a table, and one solution with its marks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from reports.tables.layout import add_named_row, lean_table
from reports.texts.verification import COLOURS
from scoring.verification.document import BAR
from scoring.verification.marks import MARKS, SIGNS, SPOKEN

Row = Mapping[str, Any]
#: Before the second and later lines of a mark.
INDENT = "    "


def verification_tables(lines: Sequence[Row]) -> list[Table]:
    """Return a table of the marks and one of both stages' times, a line for each category."""
    return [_marks(lines), _times(lines)]


class Hung:
    """A line that begins with one text and goes on, where the screen is narrower, with another.

    So no part of an answer stands where a mark does, at whatever width.
    """

    def __init__(self, text: str, first: str, rest: str, style: str = "") -> None:
        self.text, self.first, self.rest, self.style = text, first, rest, style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines of the screen."""
        width = max(1, options.max_width - max(len(self.first), len(self.rest)))
        pieces = Text(self.text, style=self.style).wrap(console, width) or [Text()]
        for number, piece in enumerate(pieces):
            yield Text.assemble(self.rest if number else self.first, piece)


def verification_parts(document: Row) -> Iterator[RenderableType]:
    """Yield a head, the solution with its marks in colour, and what both stages took."""
    head = f"{document['problem']}, run {document['name']}, draft {document['draft_job']}"
    who = f"{document['model']}, {document['prompt']}, repetition {document['repetition']}"
    yield Text(head, style="bold")
    yield Text(f"{who}; verified by computation and {document['verifier']}\n")
    if document["document"] is None:
        why = f": {document['error']}" if document["error"] else ""
        yield Text(
            f"not verified yet: job {document['job']} is {document['state']}{why}", style="yellow"
        )
        return
    for line in document["document"].splitlines():
        quoted = line.startswith(BAR.rstrip())
        yield Hung(line[len(BAR) :], BAR, BAR) if quoted else Hung(line, "", INDENT, _style(line))
    yield Text()
    counts = ", ".join(f"{document['marks'][mark]} {SPOKEN[mark]}" for mark in MARKS)
    if document["steps"]:
        yield Text(f"{len(document['steps'])} steps: {counts}")
    elif document["document"] is not None:
        yield Text("no step: the solution states no relation that could be checked")
    yield Text(_took(document), style="dim")


def drafts_table(lines: Sequence[Row]) -> Table:
    """Return a table with a row for each draft: its job, what it answers and its marks."""
    figures = ("steps", *SIGNS.values())
    table = lean_table("Drafts and their marks", ("job", "model", "problem", "prompt"), figures)
    for row in lines:
        said = f"{row['prompt']} {row['repetition']}"
        marks = ["steps", *MARKS]
        cells = [str(row[key]) for key in marks] if row["state"] == "succeeded" else ["-"] * 5
        add_named_row(table, (str(row["job"]), row["model"], row["problem"], said), cells)
    table.caption = ", ".join(f"{SIGNS[mark]} {SPOKEN[mark]}" for mark in MARKS)
    return table


def _style(line: str) -> str:
    return next((COLOURS[mark] for mark in MARKS if line.startswith(SIGNS[mark])), "")


def _took(document: Row) -> str:
    draft, made = document["draft"], document["verification"]
    said = [
        f"draft {draft['e2e_s']:.2f} s for {draft['output_tokens']:,} tokens",
        f"computation {made['rule_ms']:.1f} ms",
    ]
    sent = [step for step in document["steps"] if step["model_ms"] is not None]
    if made["model_ms"] is None:
        said.append("the model was sent nothing")
    else:
        late = sum(step["late"] for step in sent)
        said.append(f"model {made['model_ms']:,.0f} ms for {len(sent)} steps, {late} late")
    return "; ".join(said)


def _marks(lines: Sequence[Row]) -> Table:
    figures = ("drafts", "steps", *SIGNS.values(), "rule", "model", "late")
    table = lean_table("Verification: marks on the steps of drafts", _names(lines), figures)
    for row in lines:
        counted = ("drafts", "steps", *MARKS, "by_rule", "by_model", "late")
        add_named_row(table, _named(row, lines), (str(row[key]) for key in counted))
    signs = ", ".join(f"{SIGNS[mark]} {SPOKEN[mark]}" for mark in MARKS)
    table.caption = (
        f"{signs}; rule, model: who decided; late: no label within "
        f"{lines[0]['deadline_ms']:g} ms, so unverified. A model's tick proves "
        "nothing: `evalctl verify-bench` says which faults are caught."
    )
    return table


def _times(lines: Sequence[Row]) -> Table:
    figures = ("draft\ns", "verify\ns", "both\ns", "step p50\nms", "step p95\nms", "draft\nMiB",
               "verify\nMiB")  # fmt: skip
    table = lean_table("Verification: times and memory of both stages", _names(lines), figures)
    for row in lines:
        cells = (
            _figure(row["draft_e2e_s"], 2), _figure(row["verification_s"], 3),
            _figure(row["total_s"], 2), _figure(row["step_model_ms_p50"], 1),
            _figure(row["step_model_ms_p95"], 1), _figure(row["draft_need_mib"], 0),
            _figure(row["verification_need_mib"], 0),
        )  # fmt: skip
        add_named_row(table, _named(row, lines), cells)
    table.caption = (
        "Medians over drafts, without the queue and loading; step: from the request about a step "
        "to its label or deadline."
    )
    return table


def _names(lines: Sequence[Row]) -> tuple[str, ...]:
    several = len({row["prompt"] for row in lines}) > 1
    return ("draft", "verifier", "category", *(("prompt",) if several else ()))


def _named(row: Row, lines: Sequence[Row]) -> tuple[str, ...]:
    given = {"draft": "model"}
    return tuple(str(row[given.get(name, name)]) for name in _names(lines))


def _figure(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"
