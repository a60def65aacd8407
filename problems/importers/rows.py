"""Read the rows of a data file with their lines; an unreadable row does not hide the others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from problems.errors import ProblemError
from problems.reading import kind_of, text

MAX_BYTES = 200_000_000
#: Longest text of a row, in characters.
MAX_TEXT = 100_000
#: Where a list of objects may go on after one that is broken: an object that begins a line or
#: follows another one.
_NEXT_OBJECT = re.compile(r"(?:\n[ \t]*|\}\s*,\s*)(?=\{)")
#: Control characters that no text of a data set has and that a database refuses.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SPACE = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a file: ``number`` counts from 1; it begins at ``line`` and holds ``data``."""

    number: int
    line: int
    data: dict[str, Any]

    def text(self, key: str, *, empty: bool = False) -> str:
        """Return a text of the row, spaces at its ends removed, or raise `ProblemError`."""
        if key not in self.data:
            raise ProblemError(f"the key {key!r} is missing")
        written = text(self.data[key], (key,), empty=empty).strip()
        if len(written) > MAX_TEXT:
            raise ProblemError(f"{key} is longer than {MAX_TEXT} characters")
        if (control := _CONTROL.search(written)) is not None:
            raise ProblemError(f"{key} holds the control character {control.group()!r}")
        try:
            written.encode()
        except UnicodeEncodeError:
            raise ProblemError(f"{key} holds half of a character pair, which is not text") from None
        return written


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a row did not come in."""

    line: int
    sentence: str


def read_text(file: Path) -> str:
    """Return a file's text. Raise `ProblemError` if it is unreadable, too large or not UTF-8."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ProblemError(f"the file is larger than {MAX_BYTES} bytes", file=file)
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ProblemError(f"cannot read the file: {error.strerror or error}", file=file) from None
    except UnicodeDecodeError as error:
        raise ProblemError(f"the file is not UTF-8 text (byte {error.start})", file=file) from None


def json_rows(file: Path) -> Iterator[Row | Refusal]:
    """Yield the objects of a JSON file, whether it is one list or has one object a line."""
    first = read_text(file).lstrip()[:1]
    if first not in ("[", "{"):
        raise ProblemError("the file does not begin with JSON; is it another format?", file=file)
    return json_array(file) if first == "[" else json_lines(file)


def json_lines(file: Path) -> Iterator[Row | Refusal]:
    """Yield the objects of a file that has one a line."""
    number = 0
    for line, written in enumerate(read_text(file).split("\n"), start=1):
        if not written.strip():
            continue
        number += 1
        try:
            data = json.loads(written)
        except (ValueError, RecursionError) as error:
            yield Refusal(line=line, sentence=f"not a line of JSON: {_reason(error)}")
            continue
        yield _row(number, line, data)


def json_array(file: Path, key: str | None = None) -> Iterator[Row | Refusal]:
    """Yield the objects of a JSON list, the whole file or the list under ``key`` of its object.

    After a broken object reading goes on at the next object that begins a line.
    """
    written = read_text(file)
    at = _list_start(file, written, key)
    decoder = json.JSONDecoder()
    number = 0
    while True:
        spaces = _SPACE.match(written, at)
        at = spaces.end() if spaces else at
        if at >= len(written) or written[at] == "]":
            if at >= len(written):
                yield Refusal(
                    line=written.count("\n") + 1, sentence="the file ends inside the list"
                )
            return
        number += 1
        line = written.count("\n", 0, at) + 1
        try:
            data, at = decoder.raw_decode(written, at)
        except (ValueError, RecursionError) as error:
            broken_at = written.count("\n", 0, getattr(error, "pos", at)) + 1
            yield Refusal(line=broken_at, sentence=f"not JSON: {_reason(error)}")
            following = _NEXT_OBJECT.search(written, at + 1)
            if following is None:
                return
            at = following.end()
            continue
        yield _row(number, line, data)


def tab_separated(file: Path, columns: tuple[str, ...]) -> Iterator[Row | Refusal]:
    """Yield the rows of a table without a head, its cells named in order."""
    number = 0
    for line, written in enumerate(read_text(file).split("\n"), start=1):
        if not written.strip():
            continue
        number += 1
        cells = written.rstrip("\r").split("\t")
        if len(cells) != len(columns):
            yield Refusal(
                line=line,
                sentence=f"{len(cells)} cells; a row has {len(columns)}: {', '.join(columns)}",
            )
            continue
        yield Row(number=number, line=line, data=dict(zip(columns, cells, strict=True)))


def _reason(error: Exception) -> str:
    """Return what is wrong with JSON; Python refuses long digits and deep nesting otherwise."""
    if isinstance(error, json.JSONDecodeError):
        return error.msg
    return (
        "nested too deep" if isinstance(error, RecursionError) else "a number with too many digits"
    )


def _row(number: int, line: int, data: Any) -> Row | Refusal:
    if not isinstance(data, dict):
        return Refusal(line=line, sentence=f"expected an object, found {kind_of(data)}")
    return Row(number=number, line=line, data=data)


def _list_start(file: Path, written: str, key: str | None) -> int:
    found = (
        re.match(r"\s*\[", written)
        if key is None
        else re.search(rf'"{re.escape(key)}"\s*:\s*\[', written)
    )
    if found is None:
        what = "does not begin with a list" if key is None else f"has no list under the key {key!r}"
        raise ProblemError(f"the file {what}; is it another format?", file=file, line=1)
    return found.end()
