"""Find marks of the layout that are not mathematics: list numbers and table bars."""

from __future__ import annotations

import re

#: Numbers that count lines or steps and are not values.
_LIST_MARK = re.compile(
    r"(?m)^[ \t#>*+-]*(?:[(]\d{1,2}[)]|\d{1,2}[.)、:](?=[^\d.]|$)"
    r"|(?:Step|STEP|step|步骤|第|Case|情况)\s*\d{1,2}\s*(?:步|种)?\s*[.:、)]?)"
    r"|(?:步骤|第|Step )\d{1,2}(?:步|种情况|[:.])?"
)


_TABLE_ROW = re.compile(r"(?m)^ *\|[^\n]*\|[^\n]*\| *$")
_CELL_BAR = re.compile(r"(?:^|(?<=\s))\||\|(?=\s|$)")


def _cell_bars(text: str) -> dict[int, int]:
    """Return where the bars between the cells of a Markdown table stand.

    Bars of absolute values touch both sides.
    """
    rows = _TABLE_ROW.finditer(text)
    bars = (row.start() + bar.start() for row in rows for bar in _CELL_BAR.finditer(row.group()))
    return {at: at + 1 for at in bars}


def layout_marks(text: str) -> dict[int, int]:
    """Return where such marks begin and end."""
    marks = {found.start(): found.end() for found in _LIST_MARK.finditer(text)}
    return marks | _cell_bars(text) if "|" in text else marks
