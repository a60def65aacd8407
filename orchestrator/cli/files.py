"""Files that commands read and write, and their option."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from orchestrator.errors import UsageFault

Command = TypeVar("Command", bound=Callable[..., Any])

out_option: Callable[[Command], Command] = click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File to write; standard output without it.",
)


def read_lines(file: Path) -> list[str]:
    """Return the lines of a file. Raise ``UsageFault``."""
    try:
        return file.read_text(encoding="utf-8-sig", errors="replace").split("\n")
    except OSError as error:
        raise UsageFault(f"cannot read {file}: {error.strerror or error}") from error


@contextmanager
def opened(out: Path | None) -> Iterator[TextIO]:
    """Give the file to write, or standard output. Raise ``UsageFault``."""
    if out is None:
        yield sys.stdout
        return
    try:
        with out.open("w", encoding="utf-8") as file:
            yield file
    except OSError as error:
        raise UsageFault(f"cannot write {out}: {error.strerror or error}") from error


def written(file: Path, content: bytes) -> None:
    """Write a file as a whole, its folder too. Raise ``UsageFault``."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise UsageFault(f"cannot write {file}: {error.strerror or error}") from error
