"""Boxed answers: several boxes may be one answer."""

from __future__ import annotations

import re

from scoring.final_answer.extraction.stated import Stated

BOX = re.compile(r"\\(?:boxed|fbox|framebox|colorbox\{[^{}]*\})\s*(?P<brace>\{)?")
#: Between boxes of one answer: signs, a name before the next, joining words.
_BETWEEN = re.compile(
    r"^[\s$.,;，；、\\()\[\]]*(?:(?:\\(?:text|quad|qquad|mathrm|,|;)\s*(?:\{\s*)?"
    r"|and|or|as well as|和|或|及|与|以及|&"
    r"|\})[\s$,\\()\[\]]*)*(?:[A-Za-z](?:_\{?\w+\}?)?\s*=\s*)?[\s$\\()\[\]]*$"
)
_BOX_NAME = re.compile(
    r"(?P<name>(?:[A-Za-z]|\([A-Za-z](?:,\s*[A-Za-z])+\)"
    r"|\\[A-Za-z]+)(?:_\{?\w+\}?)?\s*(?:=|\\in|∈))\s*[\s$]*$"
)
_BOX_SCALE = re.compile(
    r"^\s*\$?\s*(?:\\text\s*\{\s*)?(?P<scale>万|亿|千|百|hundred|thousand|million"
    r"|billion|trillion|%|\\%|percent)",
    re.IGNORECASE,
)


def boxes(text: str) -> list[tuple[int, int, int, int]]:
    """Return each box as (start, end, inner start, inner end)."""
    found = []
    at = 0
    while (box := BOX.search(text, at)) is not None:
        if box["brace"]:
            end = _closing(text, box.end())
            inner = (box.end(), end)
            stop = min(end + 1, len(text))
        else:
            bare = re.compile(r"\s*(-?\d+(?:\.\d+)?|[A-Za-z](?![A-Za-z]))").match(text, box.end())
            if bare is None:
                at = box.end()
                continue
            inner, stop = (bare.start(1), bare.end(1)), bare.end()
        if text[inner[0] : inner[1]].strip():
            found.append((box.start(), stop, *inner))
        at = stop
    return found


def _closing(text: str, start: int) -> int:
    depth = 1
    for at in range(start, len(text)):
        if text[at] == "\\":
            continue
        if text[at] in "{}" and text[at - 1] != "\\":
            depth += 1 if text[at] == "{" else -1
            if depth == 0:
                return at
    return len(text)


def last_group(text: str, boxes: list[tuple[int, int, int, int]]) -> Stated:
    """Return the last box, with those before it that belong to the same answer."""
    first = len(boxes) - 1
    while first > 0 and _belong(text, boxes[first - 1], boxes[first]):
        first -= 1
    group = boxes[first:]
    pieces = []
    for start, _, inner, inner_end in group:
        name = _BOX_NAME.search(text, max(0, start - 40), start)
        inside = text[inner:inner_end]
        named = name is not None and not re.search(r"=|\\in", inside)
        pieces.append(f"{name['name']} {inside}" if named and name is not None else inside)
    scale = _BOX_SCALE.match(text[group[-1][1] :])
    if scale is not None:
        pieces[-1] += scale["scale"] if "%" in scale["scale"] else f" {scale['scale']}"
    return Stated(
        start=group[0][2],
        end=group[-1][3],
        how="boxed",
        text=" , ".join(pieces) if len(pieces) > 1 else pieces[0],
    )


_SAME_NAME = re.compile(r"\s*(?P<name>[A-Za-z](?:_\{?\w+\}?)?)\s*=")
_TAKEN_BACK = re.compile(
    r"wait|actually|mistake|correct|instead|\bnot?\b|\bso\b|thus|therefore|hence|更正|不对|错|应为",
    re.IGNORECASE,
)


def _belong(text: str, first: tuple[int, int, int, int], second: tuple[int, int, int, int]) -> bool:
    """Return whether two boxes are parts of one answer.

    Side by side, or values of one name in one sentence.
    """
    between = text[first[1] : second[0]]
    if _BETWEEN.match(between):
        return True
    names = [_SAME_NAME.match(text[box[2] : box[3]]) for box in (first, second)]
    same = names[0] is not None and names[1] is not None and names[0]["name"] == names[1]["name"]
    joined = re.search(r"\b(?:and|or)\b|[,，、;和或]", between) is not None
    return (
        same
        and joined
        and len(between) < 120
        and "\n" not in between
        and not _TAKEN_BACK.search(between)
    )
