"""Print for people, or one JSON document on stdout and everything else on stderr."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from core.secrets import without_known

Function = TypeVar("Function", bound=Callable[..., Any])

json_option: Callable[[Function], Function] = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document on stdout."
)


#: What a terminal would act on: control characters but tab and line end, escape sequences among
#: them; other line ends; and marks that turn the direction of what follows.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)  # fmt: skip


class Screen(Console):
    """A console that shows texts as they are: no markup, no control characters, nothing cut."""

    def print(self, *objects: Any, **how: Any) -> None:
        """Print; what does not fit a column of a table goes on in the next line."""
        for table in objects:
            for column in table.columns if isinstance(table, Table) else ():
                column.overflow = "fold"
        super().print(*objects, **how)

    def render_str(self, text: str, **style: Any) -> Text:
        """Return a text whose control characters are visible and do nothing, without secrets.

        Once it is folded into a column, no guard would know a secret any more.
        """
        return super().render_str(harmless(without_known(text)), **style)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the pieces of a renderable; a text that is in it can do nothing either."""
        if isinstance(renderable, Text) and _CONTROL.search(renderable.plain):
            renderable = renderable.copy()
            renderable.plain = harmless(renderable.plain)
        return super().render(renderable, options)

    def on_broken_pipe(self) -> None:
        """Leave it to `main`, for which a reader that has enough is not an error."""
        raise BrokenPipeError


def harmless(text: str) -> str:
    """Return a text of others without what a terminal would act on."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def console(*, as_json: bool = False) -> Console:
    """Return a console for people, on stderr beside JSON.

    As wide as its terminal, or as COLUMNS says; elsewhere 160 characters.
    """
    stream = sys.stderr if as_json else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else 160
    return Screen(width=width, highlight=False, markup=False, emoji=False, stderr=as_json)


def print_json(document: Any) -> None:
    """Print a document as JSON; a number that is none (nan, infinity) is null there."""
    form: dict[str, Any] = {"indent": 2, "ensure_ascii": False, "allow_nan": False}
    try:
        text = json.dumps(document, default=_plain, **form)
    except ValueError:  # JSON has no word for these numbers.
        loose = json.dumps(document, default=_plain)
        text = json.dumps(json.loads(loose, parse_constant=lambda _: None), **form)
    click.echo(text)


def say(*texts: str, err: bool = False) -> None:
    """Print lines, on stderr if ``err``; a terminal acts on nothing in them.

    They break between words on a terminal, or where COLUMNS is set, and nowhere else.
    """
    narrow = (sys.stderr if err else sys.stdout).isatty() or os.environ.get("COLUMNS")
    for text in texts:
        if narrow:
            console(as_json=err).print(text)
        else:
            click.echo(harmless(text), err=err)


def warn(*sentences: str) -> None:
    """Print each warning on stderr."""
    for sentence in sentences:
        say(f"warning: {sentence}", err=True)


def duration(seconds: float | None) -> str:
    """Format seconds for people; ``?`` where unknown."""
    if seconds is None:
        return "?"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return float(value)
