"""Name the values of Markdown tables: the head of a row is what its values are equal to.

``| k | five |`` below ``| quantity | value |`` says that k is five.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator

from scoring.text.renderings import Rendering

_TABLE = re.compile(
    r"(?m)^ *\|(?P<head>[^\n]*)\| *\n *\|[ :|-]{2,300}\n(?P<body>(?: *\|[^\n]*(?:\n|\Z))+)"
)
_CELL = re.compile(r"\|([^|\n]*)(?=\|)")
#: Heads of columns that hold what the name at the head of a row is equal to.
_VALUE = re.compile(
    r" *(?:values?|formulas?|results?|expressions?|relations?|definitions?|equals"
    r"|数?值|取值|公式|结果|表达式|算式|计算|关系式?|等于)[^|]{0,12}",
    re.IGNORECASE,
)
_NAME = re.compile(
    r" *(?:\$ *(?P<maths>\\?[A-Za-z]+'?(?:_\{?[\w*]{1,6}\}?)?(?:\([\w, ]{1,9}\))?) *\$"
    r"|(?P<plain>[A-Za-z](?:_?\{?\w\}?)?'?(?:\([\w, ]{1,9}\))?)) *"
)
_WORDS = re.compile(r"[\u4e00-\u9fff]|(?<![\\A-Za-z])[A-Za-z]{4,}")
MAX_ROWS = 60


def with_named_values(rendering: Rendering) -> Rendering:
    """Return the rendering with the name of its row and an equals sign before each such value."""
    text = rendering.text
    if text.count("|") < 6:
        return rendering
    inserted = [item for table in _TABLE.finditer(text) for item in _named(text, table)]
    if not inserted:
        return rendering
    parts: list[str] = []
    origin = array("l")
    at = 0
    for place, name in inserted:
        parts += [text[at:place], name]
        origin.extend(rendering.origin[at:place])
        origin.extend([rendering.origin[place]] * len(name))
        at = place
    parts.append(text[at:])
    origin.extend(rendering.origin[at:])
    return Rendering("".join(parts), origin)


def _named(text: str, table: re.Match[str]) -> Iterator[tuple[int, str]]:
    """Yield where a name is put in, in order, and the name with its equals sign."""
    heads = table.group("head").split("|")
    wanted = [
        i for i, head in enumerate(heads) if i and (_VALUE.fullmatch(head) or len(heads) == 2)
    ]
    start = table.start("body")
    for line in table.group("body").splitlines(keepends=True)[:MAX_ROWS]:
        cells = list(_CELL.finditer(text, start, start + len(line)))
        start += len(line)
        found = _NAME.fullmatch(cells[0].group(1)) if cells else None
        if found is None:
            continue
        name = found.group("maths") or found.group("plain")
        for i in wanted:
            cell = cells[i].group(1) if i < len(cells) else ""
            if cell.strip(" -–") and not _WORDS.search(cell) and cell.strip()[0] not in "=<>≤≥≈":
                yield cells[i].start(1), f"${name}$ ="
