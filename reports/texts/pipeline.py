"""One solution of a pipeline for people, with the marks on its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

from core.counts import counted
from reports.texts.verification import COLOURS
from scoring.verification.document import BAR
from scoring.verification.marks import MARKS, SIGNS, SPOKEN

Row = Mapping[str, Any]
#: Before the second and later lines of a mark.
INDENT = "    "


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
        yield Text(f"{counted(len(document['steps']), 'step')}: {counts}")
    elif document["document"] is not None:
        yield Text("no step: the solution states no relation that could be checked")
    yield Text(_took(document), style="dim")


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
        said.append(
            f"model {made['model_ms']:,.0f} ms for {counted(len(sent), 'step')}, {late} late"
        )
    return "; ".join(said)
