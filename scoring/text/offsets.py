"""Offsets of a stretch of text in a row, cut out of a row that is kept: counting takes longer."""

from __future__ import annotations

from array import array

_KEPT = array("l", range(65_536))


def offsets(start: int, end: int) -> array[int]:
    """Return the whole numbers from ``start`` up to, not including, ``end``."""
    return _KEPT[start:end] if end <= len(_KEPT) else array("l", range(start, end))
