"""Read files line by line, however long they are; a broken line does not hide the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from orchestrator.imports.foreign_answer import Unreadable

#: Longest line, in bytes.
LINE_AT_MOST = 32_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLine:
    """The object that stands in one line of a file."""

    place: str
    data: dict[str, Any]


def json_lines(file: BinaryIO) -> Iterator[JsonLine | Unreadable]:
    """Yield the object of each line that is not empty, or why it has none."""
    number = 0
    while line := file.readline(LINE_AT_MOST + 1):
        number += 1
        place = f"line {number}"
        if len(line) > LINE_AT_MOST:
            _skip_line(file)
            yield Unreadable(place=place, reason=f"is longer than {LINE_AT_MOST:,} bytes")
        elif line.strip():
            yield read_line(line, place)


def read_line(line: bytes, place: str) -> JsonLine | Unreadable:
    """Return the object of a line; bytes that are not UTF-8 are replaced visibly."""
    try:
        data = parse(line)
    except ValueError as error:
        return Unreadable(place=place, reason=str(error))
    if not isinstance(data, dict):
        return Unreadable(place=place, reason="is not a JSON object")
    return JsonLine(place=place, data=data)


def parse(document: bytes) -> Any:
    """Return a JSON document. Raise ``ValueError`` with the reason."""
    try:
        return json.loads(document.decode("utf-8-sig", "replace"))
    except RecursionError:
        raise ValueError("is nested too deep") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not valid JSON: {error.msg} at column {error.colno}") from None
    except ValueError:
        raise ValueError("holds a number of too many digits") from None


def _skip_line(file: BinaryIO) -> None:
    """Read on to the end of a line that is too long."""
    while (rest := file.readline(LINE_AT_MOST)) and not rest.endswith(b"\n"):
        pass
