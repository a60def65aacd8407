"""Print for people, or one JSON document on stdout and everything else on stderr."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import click
from rich.console import Console

Function = TypeVar("Function", bound=Callable[..., Any])

json_option: Callable[[Function], Function] = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document on stdout."
)


def console(*, as_json: bool = False) -> Console:
    """Return a console for people, on stderr beside JSON; wide where no terminal cuts it."""
    stream = sys.stderr if as_json else sys.stdout
    return Console(width=None if stream.isatty() else 160, highlight=False, stderr=as_json)


def print_json(document: Any) -> None:
    """Print a document as JSON; a number that is none (nan, infinity) is null there."""
    form: dict[str, Any] = {"indent": 2, "ensure_ascii": False, "allow_nan": False}
    try:
        text = json.dumps(document, default=_plain, **form)
    except ValueError:  # JSON has no word for these numbers.
        loose = json.dumps(document, default=_plain)
        text = json.dumps(json.loads(loose, parse_constant=lambda _: None), **form)
    click.echo(text)


def warn(*sentences: str) -> None:
    """Print each warning on stderr."""
    for sentence in sentences:
        click.echo(f"warning: {sentence}", err=True)


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
