"""Cut an answer into sentences and lines; a displayed formula stays with the line before it."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_SENTENCE = 700
_CUT = re.compile(
    r"(?P<display>\$\$[^$]{1,3000}\$\$|\\\[(?:[^\\]|\\[^\]]){1,3000}?\\\]|\\begin\{(?P<env>align|aligned|equation|gather|cases|split)\*?\}"
    r"(?:[^\\]|\\(?!end\{)){0,3000}\\end\{(?P=env)\*?\})"
    r"|(?P<stop>[。；;！？!?]+|(?<=[^\d\s.])\.(?=\s|$)|(?<=[\d$)])\.(?=\s+[A-Z\u3400-\u9fff\n]|\s*$)|\n+)"
)
#: A list number is not a sentence.
_NUMBER_ONLY = re.compile(r"[\s#>*+-]*[(（]?\d{1,2}[)）]?[.]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of the normalised text from ``start`` to ``end``."""

    start: int
    end: int


def cut(text: str) -> list[Sentence]:
    """Return the sentences of a text in order, without overlap; only empty pieces are left out."""
    sentences: list[Sentence] = []
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
        _add(sentences, text, start, end, glue=pending and _begins_with_display(text, start, end))
        pending = False
        start = found.end()
    _add(
        sentences,
        text,
        start,
        len(text),
        glue=pending and _begins_with_display(text, start, len(text)),
    )
    return sentences


def _begins_with_display(text: str, start: int, end: int) -> bool:
    return text[start:end].lstrip().startswith(("$$", "\\[", "\\begin"))


def _add(sentences: list[Sentence], text: str, start: int, end: int, *, glue: bool) -> None:
    piece = text[start:end]
    if not piece.strip(" \n*#$-"):
        return
    start += len(piece) - len(piece.lstrip())
    continues = glue or piece.lstrip().startswith(("=", "&=", "≤", "≥", "≈"))
    if continues and sentences and end - sentences[-1].start <= MAX_SENTENCE:
        sentences[-1] = Sentence(sentences[-1].start, end)
        return
    while end - start > MAX_SENTENCE:
        sentences.append(Sentence(start, start + MAX_SENTENCE))
        start += MAX_SENTENCE
    if end > start:
        sentences.append(Sentence(start, end))
