"""Cut an answer into small units: sentences and lines, a displayed formula staying with the line before it."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_UNIT = 700
_CUT = re.compile(
    r"(?P<display>\$\$[^$]{1,3000}\$\$|\\\[(?:[^\\]|\\[^\]]){1,3000}?\\\]|\\begin\{(?P<env>align|aligned|equation|gather|cases|split)\*?\}"
    r"(?:[^\\]|\\(?!end\{)){0,3000}\\end\{(?P=env)\*?\})"
    r"|(?P<stop>[。；;！？!?]+|(?<=[^\d\s.])\.(?=\s|$)|(?<=[\d$)])\.(?=\s+[A-Z\u3400-\u9fff\n]|\s*$)|\n+)"
)
#: A list number is no sentence of its own.
_NUMBER_ONLY = re.compile(r"[\s#>*+-]*[(（]?\d{1,2}[)）]?[.]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of the normalised text from ``start`` to ``end``."""

    start: int
    end: int


def cut(text: str) -> list[Sentence]:
    """Return the units of a text in order; they do not overlap and leave out only empty pieces."""
    units: list[Sentence] = []
    start = 0
    pending = False
    for found in _CUT.finditer(text):
        if found.group("display"):
            pending = True
            continue
        mark = found.group()
        end = found.end() if mark[0] != "\n" else found.start()
        if _NUMBER_ONLY.fullmatch(text, start, end):
            continue
        _add(units, text, start, end, glue=pending and _begins_with_display(text, start, end))
        pending = False
        start = found.end()
    _add(
        units, text, start, len(text), glue=pending and _begins_with_display(text, start, len(text))
    )
    return units


def _begins_with_display(text: str, start: int, end: int) -> bool:
    return text[start:end].lstrip().startswith(("$$", "\\[", "\\begin"))


def _add(units: list[Sentence], text: str, start: int, end: int, *, glue: bool) -> None:
    piece = text[start:end]
    if not piece.strip(" \n*#$-"):
        return
    start += len(piece) - len(piece.lstrip())
    continues = glue or piece.lstrip().startswith(("=", "&=", "≤", "≥", "≈"))
    if continues and units and end - units[-1].start <= MAX_UNIT:
        units[-1] = Sentence(units[-1].start, end)
        return
    while end - start > MAX_UNIT:
        units.append(Sentence(start, start + MAX_UNIT))
        start += MAX_UNIT
    if end > start:
        units.append(Sentence(start, end))
