"""How tables fit a narrow screen: names that break where people would, figures never, a legend."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table

#: What a name may break after; a point or colon within a number or a time is none of it.
_PART = re.compile(r"(?:[^-_/.,:@ ]|[.,:](?=\d))*[-_/.,:@ ]*")
#: Names are not made narrower than this where they have no place to break at.
_PART_AT_MOST = 16
#: Columns of the widest character.
_WIDEST = 2
#: Most columns that are two blanks apart; more are one apart.
ROOMY = 7
#: Cells that say nothing.
NOTHING = ("", "-")
#: Words that tables use, for the lines below those that do.
LEGEND = {
    "of 7": "of 7: 7 x the share of the steps that the answers show",
    "mean": "mean, median: over the repetitions of a problem, then the mean over problems",
    "right": "right: correct final answers",
    "guess": "guess: right answers that show under half of the steps",
    "cut": "cut: answers that the token limit ended",
    "cov.": "cov.: coverage, the share of the steps, by weight, that the rules decided",
    "n": "n: problems x repetitions",
    "range": "a range ends at the score with every undetermined step done",
    "TTFT": "TTFT: time to first token",
    "TTFO": "TTFO: time to the first token of the answer, after any thinking",
    "E2E": "E2E: time to the last token",
    "TPOT": "TPOT: time per output token after the first",
    "tok/s": "tok/s: output tokens a second, of each request and of the engine's all together",
    "need": "need: memory that a result needed, whatever else was reserved",
    "NVML": "NVML peak: memory used on the whole GPU, the reservation included",
    "hint": "hint: a message that permits a worker to claim one job",
    "slot": "slot: one due time of a schedule",
    "poison": "poison: the same error on two workers; the job itself seems to cause it",
}


class Name:
    """A name in a cell: it breaks after a hyphen, slash, dot or underscore, elsewhere only if it
    must.
    """  # noqa: D205 - one sentence

    def __init__(self, text: str) -> None:
        self.text = text

    def __rich_measure__(self, _console: Console, options: ConsoleOptions) -> Measurement:
        """Return the width of the longest part and of the longest line."""
        lines = self.text.splitlines() or [""]
        longest = max((cell_len(part) for line in lines for part in _PART.findall(line)), default=0)
        whole = max(map(cell_len, lines))
        narrow, wide = min(longest, _PART_AT_MOST), whole
        return Measurement(min(narrow, options.max_width), min(wide, options.max_width))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines of the name."""
        lines = broken(self.text, options.max_width)
        text = console.render_str("\n".join(lines))
        text.overflow, text.no_wrap = "fold", False
        yield text


def broken(name: str, width: int) -> list[str]:
    """Break a name into lines of at most ``width`` columns, at its parts where these fit.

    A Chinese character takes two columns of a terminal.
    """
    lines: list[str] = []
    for line in name.splitlines() or [""]:
        lines.append("")
        for part in filter(None, _PART.findall(line)):
            if cell_len(lines[-1] + part.rstrip()) > width and lines[-1]:
                lines.append("")
            if cell_len(part.rstrip()) <= width:
                lines[-1] += part
            else:
                lines[-1:] = chop_cells(part, max(width, _WIDEST))
    return [line.rstrip() for line in lines]


def folded(text: str, width: int, indent: str = "") -> list[str]:
    """Break a text at blanks into lines of at most ``width`` columns, the later ones indented.

    A name breaks at its parts, and only where it is longer than a line.
    """
    lines = [""]
    for word in text.split():
        for part in broken(word, width - len(indent)):
            if lines[-1].strip() and cell_len(f"{lines[-1]} {part}") > width:
                lines.append(indent)
            lines[-1] += f" {part}" if lines[-1].strip() else part
    return lines


def lean_table(title: str, names: Sequence[str], figures: Sequence[str]) -> Table:
    """Return a table without borders: columns of names that may break, then of figures."""
    table = _bare(title, 0 if len(names) + len(figures) > ROOMY else 1)
    for name in names:
        table.add_column(name, overflow="fold")
    for figure in figures:
        table.add_column(figure, justify="right", no_wrap=True, overflow="fold")
    return table


def add_named_row(table: Table, names: Iterable[str], figures: Iterable[str]) -> None:
    """Add a row: names that break at their parts, then figures that never do."""
    table.add_row(*map(Name, names), *figures)


def listing(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    figures: Collection[str] = (),
    title: str = "",
) -> Table:
    """Return a table of these rows, without the columns that say nothing in any of them.

    ``figures`` names the columns that never break; the others are names and texts, which may.
    """
    kept = [at for at in range(len(columns)) if any(row[at] not in NOTHING for row in rows)]
    gap = 0 if len(kept) > ROOMY else 1
    table = _bare(title, gap)
    for at in kept:
        fixed = columns[at] in figures
        table.add_column(columns[at], no_wrap=fixed, overflow="fold")
    for row in rows:
        shown = (row[at] if columns[at] in figures else Name(row[at]) for at in kept)
        table.add_row(*shown)
    return table


def short_time(moment: dt.datetime) -> str:
    """Return a moment to the minute, without the year if it is this one."""
    this_year = moment.year == dt.datetime.now(moment.tzinfo).year
    return f"{moment:%m-%d %H:%M}" if this_year else f"{moment:%Y-%m-%d}"


def _bare(title: str, gap: int) -> Table:
    """Return a table without borders; ``gap`` blanks stand beside the one between columns."""
    return Table(
        title=title or None, title_justify="left", caption_justify="left", box=SIMPLE_HEAD,
        min_width=60 if title else None, padding=(0, gap, 0, 0), pad_edge=False, show_edge=False,
    )  # fmt: skip


def legend(*words: str) -> str:
    """Return what these words of a table mean, in one paragraph."""
    return "; ".join(LEGEND[word] for word in words) + "."
