"""Texts of others as a database can hold them."""

from __future__ import annotations

REPLACED = "\N{REPLACEMENT CHARACTER}"


def storable(text: str) -> str:
    """Return a text without NUL and without lone halves of surrogate pairs, visibly replaced.

    Two halves that stand beside each other, as when an emoji came in two chunks, are one character.
    """
    if text.isascii():
        return text.replace("\x00", REPLACED)
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\x00", REPLACED)
