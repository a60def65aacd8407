"""Counts as people read them."""

from __future__ import annotations


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return a count with its noun, e.g. ``1 job`` or ``2 jobs``; NOUN with an s by default."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"
